"""
The row of each trace, merged from its spans: session, user, timing, counts.

Session and user are often on one span only, and spans come in any order: so each batch merges into the
trace's row by sums, minima, maxima and, where spans disagree, the smallest text that is not empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import add
from typing import Any, NamedTuple

from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch_many

TEXTS = ("session_id", "user_id", "agent", "service", "environment")
SUMS = ("records", "failures", "input_tokens", "output_tokens")


def merged_text(name: str) -> str:
    """SQL that sets a column to the smaller of the old and the new text, leaving empty ones aside."""
    old, new = f"telemetry_trace.{name}", f"excluded.{name}"
    return f"{name} = CASE WHEN {old} = '' OR ({new} <> '' AND {new} < {old}) THEN {new} ELSE {old} END"


def merged_time(name: str, operator: str) -> str:
    """SQL that sets a column to the earlier or the later of the old and the new time."""
    old, new = f"telemetry_trace.{name}", f"excluded.{name}"
    return f"{name} = CASE WHEN {new} {operator} {old} THEN {new} ELSE {old} END"


COLUMNS = ("trace_id", *TEXTS, "start_time_unix_nano", "end_time_unix_nano", *SUMS)
UPSERT = f"""
    INSERT INTO telemetry_trace ({", ".join(COLUMNS)}) VALUES {{rows}}
    ON CONFLICT (trace_id) DO UPDATE SET
        {", ".join(merged_text(name) for name in TEXTS)},
        {merged_time("start_time_unix_nano", "<")},
        {merged_time("end_time_unix_nano", ">")},
        {", ".join(f"{name} = telemetry_trace.{name} + excluded.{name}" for name in SUMS)}
    RETURNING trace_id, session_id, user_id, records, failures, input_tokens, output_tokens, service, environment
"""  # noqa: S608  (names are constants of this module)


class TraceSummary(NamedTuple):
    """A trace's texts and counts once a batch was merged into its row."""

    trace_id: bytes
    session_id: str
    user_id: str
    records: int
    failures: int
    input_tokens: int
    output_tokens: int
    service: str
    environment: str


class GrownTrace(NamedTuple):
    """A trace with the rows of it that a batch inserted, as it is with them."""

    now: TraceSummary
    inserted: list[RecordRow]

    @property
    def trace_id(self) -> bytes:
        """Its id."""
        return self.now.trace_id

    @property
    def earlier_records(self) -> int:
        """The number of its records that were stored before."""
        return self.now.records - len(self.inserted)


def add_traces(rows: Iterable[RecordRow]) -> list[GrownTrace]:
    """Merge rows that were really inserted into the rows of their traces; returns those traces as they are now."""
    inserted: dict[bytes, list[RecordRow]] = defaultdict(list)
    for row in rows:
        inserted[row.trace_id].append(row)
    merged_rows = fetch_many(UPSERT, [trace_values(members) for members in inserted.values()])
    summaries = [TraceSummary(bytes(trace_id), *rest) for trace_id, *rest in merged_rows]
    return [GrownTrace(summary, inserted[summary.trace_id]) for summary in summaries]


def amend_traces(changes: Iterable[Sequence[Any]]) -> list[TraceSummary]:
    """
    Merge changed records into the rows of their traces; returns those traces as they are now, by id.

    Args:
        changes: the values of COLUMNS for each record, with the differences to what was counted of it for sums.
    """
    by_trace: dict[bytes, list[Sequence[Any]]] = defaultdict(list)
    for change in changes:
        by_trace[change[0]].append(change)
    merged_rows = fetch_many(UPSERT, [merged_changes(by_trace[trace_id]) for trace_id in sorted(by_trace)])
    return [TraceSummary(bytes(trace_id), *rest) for trace_id, *rest in merged_rows]


def merged_changes(changes: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The changes of one trace in one row of COLUMNS."""
    trace_ids, *columns = zip(*changes, strict=True)
    texts, (starts, ends), sums = (
        columns[: len(TEXTS)],
        columns[len(TEXTS) : -len(SUMS)],
        columns[-len(SUMS) :],
    )
    return trace_ids[0], *(smallest(set(text)) for text in texts), min(starts), max(ends), *map(sum, sums)


def trace_values(rows: list[RecordRow]) -> tuple[Any, ...]:
    """The values of these spans for the row of their trace, in the order of COLUMNS."""
    # Columns as one row: a look at each value of each row takes three times as long.
    columns: Any = RecordRow._make(zip(*rows, strict=True))
    return (
        rows[0].trace_id,
        smallest(set(columns.session_id)),
        smallest(set(columns.user_id)),
        smallest(set(columns.agent)),
        smallest(set(columns.service)),
        smallest(set(columns.environment)),
        min(columns.start_time_unix_nano),
        max(map(add, columns.start_time_unix_nano, columns.duration_nano)),
        len(rows),
        len(rows) - columns.fingerprint.count(None),
        sum(filter(None, columns.input_tokens)),
        sum(filter(None, columns.output_tokens)),
    )


def smallest(texts: set[str]) -> str:
    """The smallest text that is not empty, or ""."""
    texts.discard("")
    return min(texts) if texts else ""
