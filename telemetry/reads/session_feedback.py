"""
What users said about sessions: the signals of POST /v1/feedback, counted and shown apart from the sessions' own work.

A signal has the session that it is about or names (telemetry/store/ratings/joining.py). One about a trace that has not
arrived has the trace's id, and is found by the ids of the session's newest traces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Count, QuerySet

from telemetry.models import Record, Trace
from telemetry.reads import filters, record_json
from telemetry.reads.replaced_records import IS_REPLACED
from telemetry.reads.session_summaries import Session
from telemetry.spans.signal_traces import END, IS_SIGNAL, PREFIX
from telemetry.store.sql import fetch
from telemetry.windows import Window

SHOWN = 20  # signals
ANY_SIGNAL = "SELECT 1 FROM telemetry_trace WHERE trace_id >= %s AND trace_id < %s LIMIT 1"
COMMENT = "gen_ai.evaluation.explanation"


def with_feedback(sessions: Mapping[str, Session], window: Window) -> dict[str, Session]:
    """The sessions with the numbers of their signals in the window."""
    if not fetch(ANY_SIGNAL, (PREFIX, END)):
        return dict(sessions)
    names = {name: session.session_id for session in sessions.values() for name in names_of(session)}
    counts: Counter[str] = Counter()
    rows = signals(names, window).values_list("session_id").annotate(number=Count("*")).order_by()
    for name, number in rows:
        counts[names[name]] += number
    return {name: replace(session, feedback=counts[name]) for name, session in sessions.items()}


def newest_feedback(session: Session, window: Window) -> list[dict[str, Any]]:
    """The newest signals about the session as answers show them, newest first."""
    if not session.feedback:
        return []
    newest = signals(names_of(session), window).order_by("-start_time_unix_nano", "-trace_id")[:SHOWN]
    rows = Record.objects.filter(trace_id__in=[bytes(trace.trace_id) for trace in newest]).exclude(
        IS_REPLACED
    )
    in_order = rows.order_by("-start_time_unix_nano", "-trace_id", "-span_id")[:SHOWN]
    return [signal_json(record) for record in record_json.records_json(list(in_order))]


def names_of(session: Session) -> tuple[str, ...]:
    """The names by which signals know the session."""
    return (session.session_id, *session.trace_ids)


def signals(names: Iterable[str], window: Window) -> QuerySet[Trace]:
    """The traces of the signals in the window about sessions of these names."""
    return filters.in_window(Trace.objects.filter(IS_SIGNAL), window).filter(filters.has_session_id(names))


def signal_json(record: dict[str, Any]) -> dict[str, Any]:
    """A signal from its record; where the span cannot be read, what the columns say."""
    facts = record["events"][0]["attributes"] if record["events"] else {}
    return {
        "record_id": record["record_id"],
        "time": record["start_time"],
        "rating": "down" if record["outcome"] == record_json.FAILURE else "up",
        "comment": facts.get(COMMENT) or (record["message"] if not facts else None),
        "trace_id": record["links"][0]["trace_id"] if record["links"] else None,
    }
