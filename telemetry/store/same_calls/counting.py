"""
Calls that repeat another one (telemetry/grouping/same_call.py) are stored and shown, and counted nowhere.

Spans come in any order, so the calls of a trace are compared anew when more of them come, and the result does not
depend on the order. Not compared: traces of more than MOST_RECORDS records, which are runaway loops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

from telemetry.grouping.same_call import UNITS, CallSpan, repeated_calls
from telemetry.store.attributions import MOST_RECORDS
from telemetry.store.counts.counted_rows import add_counts, subtract_counts
from telemetry.store.row import RecordRow
from telemetry.store.sql import execute, fetch_of_ids, id_chunks, id_placeholders, write_many
from telemetry.store.traces import GrownTrace, TraceSummary

Key = tuple[bytes, bytes]  # trace and span id
of_span = itemgetter(*map(RecordRow._fields.index, CallSpan._fields[:-1]))  # of a row
place_of = itemgetter(*map(RecordRow._fields.index, ("span_id", "parent_span_id", "scope_id")))
STORED_CALLS = (
    "SELECT trace_id, span_id, parent_span_id, start_time_unix_nano, duration_nano, service, unit, tool, model, "
    "input_tokens, output_tokens, scope_id, fingerprint, operation, environment, release FROM telemetry_record "
    "WHERE unit IN ('llm_call', 'tool_call') AND trace_id IN "
)
STORED_REPEATS = (
    "SELECT trace_id, span_id, counted_span_id, input_tokens, output_tokens FROM telemetry_repeatedcall "
    "WHERE trace_id IN "
)
FORGET = "DELETE FROM telemetry_repeatedcall WHERE trace_id IN "
NOTE = """
    INSERT INTO telemetry_repeatedcall (trace_id, span_id, counted_span_id, input_tokens, output_tokens)
    VALUES {rows}
"""
CORRECT = """
    WITH corrected (its_trace, input_change, output_change) AS (VALUES {rows})
    UPDATE telemetry_trace
    SET input_tokens = input_tokens + corrected.input_change, output_tokens = output_tokens + corrected.output_change
    FROM corrected WHERE trace_id = its_trace
"""


class StoredCall(NamedTuple):
    """A call with what it is counted by."""

    span: CallSpan
    operation: str
    environment: str
    release: str
    fingerprint: int | None

    @property
    def start_time_unix_nano(self) -> int:
        """When it started."""
        return self.span.start_time_unix_nano

    @property
    def duration_nano(self) -> int:
        """How long it took."""
        return self.span.duration_nano

    @property
    def service(self) -> str:
        """Its service."""
        return self.span.service


class Repeat(NamedTuple):
    """A call that is counted nowhere, the one that counts for it, and its tokens that are counted there."""

    trace_id: bytes
    span_id: bytes
    counted_span_id: bytes
    input_tokens: int
    output_tokens: int

    @property
    def key(self) -> Key:
        """Its trace and span id."""
        return self.trace_id, self.span_id


@dataclass(slots=True)
class Recount:
    """What changes in the counts: calls that are counted no more and again, and the traces with their tokens now."""

    left_out: list[StoredCall] = field(default_factory=list)
    counted_again: list[StoredCall] = field(default_factory=list)
    left_out_keys: set[Key] = field(default_factory=set)
    counted_again_keys: set[Key] = field(default_factory=set)
    traces: dict[bytes, TraceSummary] = field(default_factory=dict)  # whose tokens change


def compare_calls(traces: Iterable[GrownTrace]) -> Recount:
    """Compare the calls of these traces, of which rows were just inserted, and write what repeats another."""
    compared: dict[bytes, TraceSummary] = {}
    calls: dict[bytes, list[StoredCall]] = {}
    read_again: list[bytes] = []
    for trace in traces:
        new_calls = [row for row in trace.inserted if row.unit in UNITS]
        if not new_calls or not 1 < trace.now.records <= MOST_RECORDS:
            continue
        if trace.earlier_records:
            read_again.append(trace.trace_id)
        elif may_repeat(new_calls):
            calls[trace.trace_id] = [call_of(row) for row in new_calls]
        else:
            continue
        compared[trace.trace_id] = trace.now
    stored = read_calls(sorted(read_again))
    before = stored_repeats(sorted(stored))
    calls |= {trace_id: of_trace for trace_id, of_trace in stored.items() if len(of_trace) > 1}
    return recounted(calls, compared, before) if calls else Recount()


def compare_again(traces: Sequence[TraceSummary]) -> Recount:
    """Compare the stored calls of these traces, of which some changed, and write what repeats another."""
    compared = {trace.trace_id: trace for trace in traces if 1 < trace.records <= MOST_RECORDS}
    stored = read_calls(sorted(compared))
    before = stored_repeats(sorted(stored))
    return recounted(
        {trace_id: of_trace for trace_id, of_trace in stored.items() if len(of_trace) > 1}, compared, before
    )


def may_repeat(calls: Sequence[RecordRow]) -> bool:
    """Whether one of these calls of a trace is directly inside another one, or they are of several instrumentations."""
    span_ids, parent_ids, scope_ids = zip(*map(place_of, calls), strict=True)
    return not set(span_ids).isdisjoint(parent_ids) or len(set(scope_ids)) > 1


def call_of(row: RecordRow) -> StoredCall:
    """A row as a call."""
    span = CallSpan._make([*of_span(row), row.fingerprint is not None])
    return StoredCall(span, row.operation, row.environment, row.release, row.fingerprint)


def read_calls(trace_ids: Sequence[bytes]) -> dict[bytes, list[StoredCall]]:
    """The stored calls of these traces."""
    calls: dict[bytes, list[StoredCall]] = defaultdict(list)
    for trace_id, *values in fetch_of_ids(STORED_CALLS, trace_ids):
        calls[bytes(trace_id)].append(stored_call(values))
    return calls


def stored_call(values: Sequence[Any]) -> StoredCall:
    """The call of a row of STORED_CALLS, without its trace id."""
    span_id, parent_span_id, *facts, fingerprint, operation, environment, release = values
    parent = bytes(parent_span_id) if parent_span_id else None
    span = CallSpan._make([bytes(span_id), parent, *facts, fingerprint is not None])
    return StoredCall(span, operation, environment, release, fingerprint)


def recounted(
    calls: Mapping[bytes, list[StoredCall]], traces: dict[bytes, TraceSummary], before: Mapping[Key, Repeat]
) -> Recount:
    """Write which of these calls repeat another now, and return what changes by that; `before`: which did so far."""
    after = {
        repeat.key: repeat
        for trace_id, of_trace in calls.items()
        for repeat in repeats_in(trace_id, [call.span for call in of_trace])
    }
    changed = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    recount, repeats_before, repeats_after = Recount(), by_trace(before), by_trace(after)
    for trace_id in sorted(changed):
        for call in calls[trace_id]:
            key = trace_id, call.span.span_id
            if key in after and key not in before:
                recount.left_out.append(call)
                recount.left_out_keys.add(key)
            if key in before and key not in after:
                recount.counted_again.append(call)
                recount.counted_again_keys.add(key)
        recount.traces[trace_id] = corrected(
            traces[trace_id], repeats_before[trace_id], repeats_after[trace_id]
        )
    write([after[key] for key in sorted(after) if key[0] in changed], sorted(changed))
    correct_traces(traces, recount)
    return recount


def by_trace(repeats: Mapping[Key, Repeat]) -> defaultdict[bytes, list[Repeat]]:
    """The repeats of each trace."""
    found: defaultdict[bytes, list[Repeat]] = defaultdict(list)
    for repeat in repeats.values():
        found[repeat.trace_id].append(repeat)
    return found


def repeats_in(trace_id: bytes, spans: Sequence[CallSpan]) -> Iterable[Repeat]:
    """The calls of a trace that repeat another. Tokens that the other call does not name stay counted. Pure."""
    by_id = {span.span_id: span for span in spans}
    for span_id, counted_id in repeated_calls(spans).items():
        tokens = [
            own if own is not None and other is not None else 0
            for own, other in zip(by_id[span_id].tokens, by_id[counted_id].tokens, strict=True)
        ]
        yield Repeat(trace_id, span_id, counted_id, *tokens)


def stored_repeats(trace_ids: Sequence[bytes]) -> dict[Key, Repeat]:
    """The calls of these traces that were found to repeat another, by trace and span id."""
    found = {}
    for trace_id, span_id, counted_id, *tokens in fetch_of_ids(STORED_REPEATS, trace_ids):
        repeat = Repeat(bytes(trace_id), bytes(span_id), bytes(counted_id), *tokens)
        found[repeat.key] = repeat
    return found


def repeated_keys(trace_ids: Sequence[bytes]) -> set[Key]:
    """The records of these traces that are counted nowhere, since another one stands for the same call."""
    return set(stored_repeats(trace_ids))


def corrected(trace: TraceSummary, before: Iterable[Repeat], after: Iterable[Repeat]) -> TraceSummary:
    """The trace with the tokens of calls that are counted once."""
    change = [
        sum(getattr(repeat, name) for repeat in before) - sum(getattr(repeat, name) for repeat in after)
        for name in ("input_tokens", "output_tokens")
    ]
    return trace._replace(
        input_tokens=trace.input_tokens + change[0], output_tokens=trace.output_tokens + change[1]
    )


def write(repeats: Sequence[Repeat], trace_ids: Sequence[bytes]) -> None:
    """Store what repeats another in these traces, in place of what was known of them."""
    for chunk in id_chunks(trace_ids):
        execute(f"{FORGET}{id_placeholders(chunk)}", chunk)
    write_many(NOTE, repeats)


def correct_traces(traces: dict[bytes, TraceSummary], recount: Recount) -> None:
    """Store the tokens of the traces that change."""
    rows = [
        (
            trace_id,
            now.input_tokens - traces[trace_id].input_tokens,
            now.output_tokens - traces[trace_id].output_tokens,
        )
        for trace_id, now in recount.traces.items()
    ]
    write_many(CORRECT, [row for row in rows if row[1] or row[2]])


def settle_counts(recount: Recount) -> None:
    """Change the rollups and the counts of deployments, in which every inserted record is counted by now."""
    subtract_counts(recount.left_out)
    add_counts(recount.counted_again)
