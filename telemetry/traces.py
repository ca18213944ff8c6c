"""
What the spans of a trace say together: session, user, timing, counts.

Session and user are often on one span only, and spans come in any order: so each batch merges into the trace's row
by sums, minima, maxima and, where spans disagree, the smallest text that is not empty. Order does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from telemetry.normalise import Row, text
from telemetry.sql import write_many

TEXTS = ("session_id", "user_id", "agent", "service", "environment")
SUMS = ("records", "failures", "input_tokens", "output_tokens")


def merged_text(name: str) -> str:
    """SQL: the smaller of the old and the new text, leaving empty ones aside."""
    old, new = f"telemetry_trace.{name}", f"excluded.{name}"
    return f"{name} = CASE WHEN {old} = '' OR ({new} <> '' AND {new} < {old}) THEN {new} ELSE {old} END"


def merged_time(name: str, sign: str) -> str:
    """SQL: the earlier or the later of the old and the new time."""
    old, new = f"telemetry_trace.{name}", f"excluded.{name}"
    return f"{name} = CASE WHEN {new} {sign} {old} THEN {new} ELSE {old} END"


COLUMNS = ("trace_id", *TEXTS, "start_time_unix_nano", "end_time_unix_nano", *SUMS)
UPSERT = f"""
    INSERT INTO telemetry_trace ({", ".join(COLUMNS)}) VALUES ({", ".join(["%s"] * len(COLUMNS))})
    ON CONFLICT (trace_id) DO UPDATE SET
        {", ".join(merged_text(name) for name in TEXTS)},
        {merged_time("start_time_unix_nano", "<")},
        {merged_time("end_time_unix_nano", ">")},
        {", ".join(f"{name} = telemetry_trace.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608  (names are constants of this module)


def add(rows: Iterable[Row]) -> None:
    """Merge rows that were really inserted into their traces."""
    merged: dict[bytes, dict[str, Any]] = {}
    for row in rows:
        single = summary(row)
        known = merged.get(row.span.trace_id)
        merged[row.span.trace_id] = merge(known, single) if known else single
    write_many(UPSERT, [[trace_id, *trace.values()] for trace_id, trace in merged.items()])


def summary(row: Row) -> dict[str, Any]:
    """What one span says of its trace, in the order of COLUMNS after the id."""
    span, meaning = row.span, row.meaning
    return {
        "session_id": text(meaning.session_id),
        "user_id": text(meaning.user_id),
        "agent": text(meaning.agent),
        "service": text(span.origin.service),
        "environment": text(span.origin.environment),
        "start_time_unix_nano": span.start_time_unix_nano,
        "end_time_unix_nano": span.start_time_unix_nano + span.duration_nano,
        "records": 1,
        "failures": int(row.failure is not None),
        "input_tokens": meaning.input_tokens or 0,
        "output_tokens": meaning.output_tokens or 0,
    }


def merge(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two summaries of one trace as one."""
    return {
        **{name: min(filter(None, (one[name], other[name])), default="") for name in TEXTS},
        "start_time_unix_nano": min(one["start_time_unix_nano"], other["start_time_unix_nano"]),
        "end_time_unix_nano": max(one["end_time_unix_nano"], other["end_time_unix_nano"]),
        **{name: one[name] + other[name] for name in SUMS},
    }
