"""
What the spans of a trace say together: session, user, timing, counts.

Session and user are often on one span only, and spans come in any order: so each batch merges into the
trace's row by sums, minima, maxima and, where spans disagree, the smallest text that is not empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
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
    traces: defaultdict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        traces[row.span.trace_id].append(row)
    write_many(UPSERT, [(trace_id, *summary(members)) for trace_id, members in traces.items()])


def summary(rows: list[Row]) -> tuple[Any, ...]:
    """What these spans say of their trace together."""
    columns = zip(*map(said, rows), strict=True)
    return tuple(merge(column) for merge, column in zip(MERGES, columns, strict=True))


def said(row: Row) -> tuple[Any, ...]:
    """What one span says of its trace, in the order of COLUMNS after the id."""
    span, meaning = row.span, row.meaning
    return (
        text(meaning.session_id),
        text(meaning.user_id),
        text(meaning.agent),
        text(span.origin.service),
        text(span.origin.environment),
        span.start_time_unix_nano,
        span.start_time_unix_nano + span.duration_nano,
        1,
        int(row.failure is not None),
        meaning.input_tokens or 0,
        meaning.output_tokens or 0,
    )


def smallest(values: Iterable[str]) -> str:
    """The smallest text that is not empty, or ""."""
    return min(filter(None, values), default="")


MERGES: tuple[Callable[[Any], Any], ...] = (*[smallest] * len(TEXTS), min, max, *[sum] * len(SUMS))
