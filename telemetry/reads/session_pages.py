"""
Sessions of the bound project, totalled from the rows of their traces.

A session is the traces that share a session id; a trace without one is a session of its own, named by its trace id.
The list walks the window's traces from the newest down: its cost is that of a page, whatever the window holds. Records
are read only to find the traces that match.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from telemetry.models import Record, Trace
from telemetry.reads import cursors, record_pages
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import Filters, in_window, is_attributed, is_of_session, matching_records
from telemetry.reads.one_trace.context_logs import ContextOfTraces, context_of
from telemetry.reads.record_json import OK
from telemetry.reads.record_pages import RecordPage
from telemetry.reads.rollup_search import are_counted, matching_minutes, may_have
from telemetry.reads.session_feedback import newest_feedback, with_feedback
from telemetry.reads.session_summaries import Session, summaries
from telemetry.reads.session_walk import SCAN, SCAN_RECORDS, Walk
from telemetry.spans.signal_traces import IS_SIGNAL
from telemetry.store.transactions import snapshot
from telemetry.windows import FURTHEST, Window

FEW = 2_000  # matching records whose traces are looked up; where there are more, each trace is examined
ROUND = 200  # sessions that are totalled together, once the first ones were too few
MAX_ROUNDS = 25  # after them a page ends short, so that a search for rare sessions is not slow


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Sessions of a window; `next_cursor` is None when there are no more."""

    window: Window
    sessions: list[Session]
    next_cursor: Cursor | None

    def shown(self) -> dict[str, Any]:
        """The page as answers show it."""
        return {
            "window": self.window.shown(),
            "sessions": [session.shown() for session in self.sessions],
            "count": len(self.sessions),
            "complete": self.next_cursor is None,
            "next_cursor": str(self.next_cursor) if self.next_cursor else None,
        }


@dataclass(frozen=True, slots=True)
class SessionRecords:
    """A session and a page of its records."""

    session: Session
    feedback: list[dict[str, Any]]  # the newest user signals about it
    page: RecordPage
    context: ContextOfTraces

    def shown(self) -> dict[str, Any]:
        """The session and its page as answers show them."""
        beside = {"feedback": self.feedback} | self.context.shown()
        return {"session": self.session.shown()} | beside | self.page.shown()


def page_of_sessions(window: Window, filters: Filters, cursor: Cursor | None, limit: int) -> SessionPage:
    """
    The sessions with a trace that matches, ordered by their newest such trace; given a cursor, those behind it.

    A page may hold fewer than `limit` sessions and still have a next cursor: its search has a maximum length.
    """
    if not may_match(window, filters):
        return SessionPage(window, [], None)
    traces = counted_traces(filters)
    with snapshot():
        matches, scan = matching_traces(traces, window, filters)
        walk = Walk(window, matches, cursor, scan)
        own_traces = in_window(traces.exclude(IS_SIGNAL), window)
        sessions, next_cursor = search_sessions(walk, own_traces, filters, limit)
        counted = with_feedback({session.session_id: session for session in sessions}, window)
    return SessionPage(window, list(counted.values()), next_cursor)


def may_match(window: Window, filters: Filters) -> bool:
    """Whether any session may match; False where rollups and resources show that none does."""
    if filters.environment and not may_have(filters.environment):
        return False
    # A trace that starts in the window may have its service from a record that starts after the window's end.
    to_the_last = Window(window.start_unix_nano, FURTHEST)
    by_rollup = Filters(service=filters.service, operation=filters.operation)
    return not are_counted(by_rollup) or next(matching_minutes(to_the_last, by_rollup), None) is not None


def search_sessions(
    walk: Walk, traces: QuerySet[Trace], filters: Filters, limit: int
) -> tuple[list[Session], Cursor | None]:
    """
    The walk's first sessions with the outcome that is asked for, each totalled over its own among `traces`.

    The cursor is where the next page goes on, or None at the end.
    """
    candidates = walk.sessions()
    matches: list[tuple[Session, Cursor]] = []
    places: list[Cursor] = []
    for size in (limit + 1, *[max(ROUND, limit + 1)] * (MAX_ROUNDS - 1)):
        batch = dict(islice(candidates, size))
        sessions = summaries(batch, traces)
        matches += [
            (sessions[name], place)
            for name, place in batch.items()
            if name in sessions and suits(sessions[name], filters)
        ]
        places = list(batch.values())
        if len(matches) > limit:
            return [session for session, _ in matches[:limit]], matches[limit - 1][1]
        if len(batch) < size:
            return [session for session, _ in matches], walk.place
    return [session for session, _ in matches], places[-1]


def counted_traces(filters: Filters) -> QuerySet[Trace]:
    """The traces of the environment and the service that are asked for, with those of user signals."""
    conditions = {name: value for name in ("environment", "service") if (value := getattr(filters, name))}
    return Trace.objects.filter(**conditions)


def matching_traces(traces: QuerySet[Trace], window: Window, filters: Filters) -> tuple[QuerySet[Trace], int]:
    """
    The traces among these that bring their session into the list.

    A user signal does so only where records of its kind are asked for: it may not move a session up in other lists.
    The number is how many traces a step of the walk examines, or 0 where an index finds those that match.
    """
    if filters.outcome:
        traces = traces.filter(**{"failures" if filters.outcome == OK else "failures__gt": 0})
    if filters.session_id:
        traces = traces.filter(is_of_session(filters.session_id))
    if filters.trace_id:
        traces = traces.filter(trace_id=filters.trace_id)
    is_one_session = bool(filters.session_id or filters.trace_id)
    record_filters = replace(filters, environment="", service="", outcome="", session_id="", trace_id=b"")
    if record_filters == Filters():
        return traces.exclude(IS_SIGNAL), 0 if is_one_session or filters == Filters() else SCAN
    records = matching_records(window, record_filters)
    if (
        record_filters.lead_by_index
        and len(records.order_by().values_list("start_time_unix_nano")[:FEW]) < FEW
    ):
        return traces.filter(trace_id__in=records.values("trace_id")), 0
    return traces.filter(
        Exists(records_of_trace(window, record_filters))
    ), 0 if is_one_session else SCAN_RECORDS


def records_of_trace(window: Window, filters: Filters) -> QuerySet[Record]:
    """
    The records of the outer query's trace that match.

    The conditions are on expressions: with plain columns, SQLite would choose an index that spans all traces.
    """
    rows = Record.objects.filter(trace_id=OuterRef("trace_id")).annotate(
        at=F("start_time_unix_nano") + 0,
        signal=Concat("signal_type", Value("", TextField())),
        cluster=F("fingerprint") + 0,
    )
    if filters.by_attribution:
        rows = rows.filter(is_attributed(filters))
    cluster = None if filters.by_attribution else filters.fingerprint
    values = {"operation": filters.operation, "signal": filters.signal_type, "cluster": cluster}
    conditions = {name: value for name, value in values.items() if value not in ("", None)}
    return rows.filter(at__gte=window.start_unix_nano, at__lt=window.end_unix_nano, **conditions)


def suits(session: Session, filters: Filters) -> bool:
    """Whether the session as a whole has the outcome that is asked for: one good trace does not make it ok."""
    return not filters.outcome or session.outcome == filters.outcome


def detail(window: Window, session_id: str, cursor: Cursor | None, limit: int) -> SessionRecords | None:
    """The session with a page of its records, oldest first, or None if no trace of it starts in the window."""
    traces = in_window(Trace.objects.exclude(IS_SIGNAL), window).filter(is_of_session(session_id))
    with snapshot():
        sessions = with_feedback(summaries([session_id], traces), window)
        if not sessions:
            return None
        rows = Record.objects.filter(trace_id__in=traces.values("trace_id"))
        if cursor:
            rows = rows.filter(start_time_unix_nano__gte=cursor.start_unix_nano).filter(
                Q(start_time_unix_nano__gt=cursor.start_unix_nano)
                | Q(trace_id__gt=cursor.trace_id)
                | Q(trace_id=cursor.trace_id, span_id__gt=cursor.span_id)
            )
        in_order = rows.order_by("start_time_unix_nano", "trace_id", "span_id")
        [session] = sessions.values()
        page = record_pages.cut_page(in_order, cursors.TURNS, window, limit)
        # With the first page, so that no other one repeats it.
        context = context_of([] if cursor else traces.values("trace_id"))
        return SessionRecords(session, newest_feedback(session, window), page, context)
