"""Failing records of the bound project by their keys, with the sessions, users and tokens of their traces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from django.db.models import Sum

from telemetry.models import Record, Trace
from telemetry.spans.failing_record import COLUMNS, FailingRecord, from_columns
from telemetry.store.sql import fetch_many, id_chunks
from telemetry.store.unreadable_parts import TRACE, note

IDENTITY = ("trace_id", "session_id", "user_id", "input_tokens", "output_tokens")
LOAD = f"""
    WITH keys (key_trace, key_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM keys JOIN telemetry_record ON trace_id = key_trace AND span_id = key_span
"""  # noqa: S608  (constants)
columns_of = attrgetter(*COLUMNS)


@dataclass(frozen=True, slots=True)
class Identity:
    """The session and user of a trace, and its tokens."""

    session_id: str
    user_id: str
    tokens: int = 0  # input and output; 0 where no record of the trace counts them


def load_failing_records(keys: Iterable[bytes]) -> dict[bytes, FailingRecord]:
    """Those failing records with these keys that are stored, by key: the trace id and the span id, joined."""
    rows = fetch_many(LOAD, [(key[:16], key[16:]) for key in sorted(set(keys))])
    return {record.key: record for record in map(from_columns, rows)}


def failing_record(row: Record) -> FailingRecord:
    """The columns of the failing record as plain values."""
    return from_columns(columns_of(row))


def identities(trace_ids: Iterable[bytes]) -> dict[bytes, Identity]:
    """The identity of each of these traces; one without a session, or without its row, is a session of its own."""
    by_trace = {trace_id: Identity(trace_id.hex(), "") for trace_id in trace_ids}
    stored = set()
    for chunk in id_chunks(by_trace):
        rows = Trace.objects.filter(trace_id__in=chunk).values_list(*IDENTITY)
        for trace_id, session_id, user_id, input_tokens, output_tokens in rows:
            session_id = session_id or bytes(trace_id).hex()
            by_trace[bytes(trace_id)] = Identity(session_id, user_id, input_tokens + output_tokens)
            stored.add(bytes(trace_id))
    for trace_id in by_trace.keys() - stored:
        note(TRACE, trace_id)
    return by_trace


def tokens_of(trace_ids: Iterable[bytes]) -> int:
    """The input and output tokens of those of these traces that are stored."""
    sums = (
        Trace.objects.filter(trace_id__in=chunk).aggregate(
            input=Sum("input_tokens"), output=Sum("output_tokens")
        )
        for chunk in id_chunks(trace_ids)
    )
    return sum((of_chunk["input"] or 0) + (of_chunk["output"] or 0) for of_chunk in sums)
