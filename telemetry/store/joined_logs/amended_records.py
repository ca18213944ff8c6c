"""
Stored records whose span has more events now: their columns, and all that is counted of them, as if it had come so.

The record stays one record, with its id, its place in time and its trace. Whatever was made of it before is taken out
of the counts, and what is made of it now is put in; the version before is kept (earlier_versions.py). Called inside
store.append's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from telemetry.grouping.versions import GroupingRules
from telemetry.models import Record
from telemetry.store import segments, traces
from telemetry.store.counts.counted_rows import add_counts, subtract_counts
from telemetry.store.counts.row_groups import group_key
from telemetry.store.joined_logs import earlier_versions
from telemetry.store.joined_logs.longest_durations import correct_longest
from telemetry.store.joined_logs.traces_anew import attribute_anew, rejudge, short_traces, visits_of
from telemetry.store.ratings import joining
from telemetry.store.row import COLUMNS, PLACE, RecordRow, stored_values
from telemetry.store.same_calls import counting
from telemetry.store.same_calls.told_calls import without_told_again
from telemetry.store.sql import write_many

DELETE = """
    WITH gone (its_trace, its_span) AS (VALUES {rows})
    DELETE FROM telemetry_record WHERE EXISTS (SELECT 1 FROM gone WHERE its_trace = trace_id AND its_span = span_id)
"""
INSERT = f"INSERT INTO telemetry_record ({', '.join([*COLUMNS, *PLACE])}) VALUES {{rows}}"  # noqa: S608  (constants)


class AmendedRecord(NamedTuple):
    """A record as it is stored, and its row with the events that joined it."""

    before: Record
    row: RecordRow

    @property
    def is_moved(self) -> bool:
        """Whether it is counted elsewhere now: it failed, or failed in another way, or did other work."""
        return group_key(self.before) != group_key(self.row)


def amend(amended: Sequence[AmendedRecord], rules: GroupingRules) -> None:
    """Store these records with their new rows, and count them as they are now."""
    if not amended:
        return
    rows = without_told_again([each.row for each in amended])
    amended = [AmendedRecord(each.before, row) for each, row in zip(amended, rows, strict=True)]
    trace_ids = sorted({each.row.trace_id for each in amended})
    uncounted, short = counting.repeated_keys(trace_ids), short_traces(trace_ids)
    visits_before = visits_of(short)
    moved = [each for each in amended if each.row[:2] not in uncounted and each.is_moved]
    subtract_counts([each.before for each in moved])
    earlier_versions.keep([each.before for each in amended])
    write_amended(rows)
    changed_traces = traces.amend_traces([trace_changes(each) for each in amended])
    add_counts([each.row for each in moved])
    correct_longest([each.before for each in moved])
    recount = counting.compare_again(changed_traces)
    changed_traces = [recount.traces.get(trace.trace_id, trace) for trace in changed_traces]
    attribute_anew(changed_traces, rows, rules)
    rejudge(short, recount, visits_before)
    counting.settle_counts(recount)
    joining.join_signals(changed_traces)


def write_amended(rows: Sequence[RecordRow]) -> None:
    """Write the rows in place of the ones that are stored with their ids, with their spans in new segments."""
    numbered = list(enumerate(segments.pack(rows), segments.next_id()))
    segments.write_segments([(number, part.content) for number, part in numbered])
    write_many(DELETE, [row[:2] for row in rows])
    write_many(
        INSERT,
        [
            (*stored_values(row), number, position)
            for number, part in numbered
            for position, row in enumerate(part.rows)
        ],
    )


def trace_changes(amended: AmendedRecord) -> tuple[Any, ...]:
    """The values by which the record's trace changes, in the order of traces.COLUMNS: sums as differences."""
    before, row = amended
    return (
        row.trace_id,
        row.session_id,
        row.user_id,
        row.agent,
        row.service,
        row.environment,
        row.start_time_unix_nano,
        row.start_time_unix_nano + row.duration_nano,
        0,
        (row.fingerprint is not None) - (before.fingerprint is not None),
        (row.input_tokens or 0) - (before.input_tokens or 0),
        (row.output_tokens or 0) - (before.output_tokens or 0),
    )
