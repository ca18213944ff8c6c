"""
The calls that agents made in a window, with their inputs and outputs, from a sample of traces of bounded size.

The columns of records are read first. The spans themselves are read only where a rule needs their content, such as in
traces that called one operation often.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from diagnosis.window.failing_records import id_chunks
from diagnosis.window.sampling import first_traces, slices
from diagnosis.window.traffic import ServiceOperation
from telemetry.hashing import hash64_of_texts
from telemetry.models import Record
from telemetry.reads import record_json
from telemetry.reads.record_parts import parts_of
from telemetry.spans.failing_record import COLUMNS, FailingRecord, from_columns
from telemetry.windows import Window

UNITS = ("tool_call", "retrieval", "llm_call")
LEAST = 3  # records of a sampled trace; fewer are too few for a failing run
A_TRACE = 100  # the first calls of one trace, whose content is read
MOST_RECORDS = 20_000  # of a query, which reads some hundred traces; a runaway agent makes more
# The version of the fingerprints that rules compute. It does not follow the version of the fingerprints in records,
# because no record carries a rule's fingerprint.
KEY_VERSION = "1"
START, SERVICE, OPERATION, UNIT, TOOL, FINGERPRINT = (
    COLUMNS.index(name)
    for name in ("start_time_unix_nano", "service", "operation", "unit", "tool", "fingerprint")
)

CallRow = tuple[Any, ...]  # the values of COLUMNS; as objects they would cost more than all other work
CallsByTrace = dict[bytes, list[CallRow]]  # the calls of each trace, by time


class SampleBounds(NamedTuple):
    """The bounds of a sample of a window's traces and calls."""

    a_slice: int  # traces from each slice of the window, since traffic may be uneven
    calls: int  # calls whose content a rule reads


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One call of an agent, with its input and output as texts that are equal for equal content."""

    record: FailingRecord  # its fingerprint is None if the call succeeded
    asked: str  # the input; "" if it was not recorded
    result: str  # the output; "" if it was not recorded

    @property
    def place(self) -> ServiceOperation:
        """The operation that was called."""
        return ServiceOperation(self.record.service, self.record.operation)

    @property
    def is_model_call(self) -> bool:
        """Whether a model was called, whose input is new after each tool call."""
        return self.record.unit == "llm_call"

    @property
    def has_failed(self) -> bool:
        """Whether the call failed, which is an issue of another signal already."""
        return bool(self.record.fingerprint)


@dataclass(frozen=True, slots=True)
class RunContents:
    """The operations that one trace called, and the calls themselves if it called one operation often."""

    trace_id: bytes
    places: dict[ServiceOperation, int]  # the start of the first call of each, in unix nanoseconds
    calls: list[AgentCall]  # by time


@dataclass(frozen=True, slots=True)
class SampledRun:
    """One trace that called an operation, and the failure that a rule finds there, or None."""

    place: ServiceOperation
    trace_id: bytes
    start_time_unix_nano: int
    failure: FailingRecord | None


def run_rule_fingerprint(signal: str, place: ServiceOperation) -> int:
    """The fingerprint of a rule's failures in runs that call this operation, the same in every window."""
    return hash64_of_texts(KEY_VERSION, signal, *place)


def sample_calls(
    window: Window, bounds: SampleBounds, without_releases: Collection[str] = ()
) -> CallsByTrace:
    """The calls of a sample of the bound project's traces; records of `without_releases` are left out."""
    return calls_of_traces(sample_trace_ids(window, bounds.a_slice), without_releases)


def runs_with_content(
    calls_by_trace: CallsByTrace, often: int, bounds: SampleBounds
) -> Iterator[RunContents]:
    """A sample of these traces as runs, with the content of the calls if one operation was called `often` times."""
    is_repeating = {
        trace_id: max(Counter(map(called_operation, rows)).values()) >= often
        for trace_id, rows in calls_by_trace.items()
    }
    amount = sum(
        min(len(rows), A_TRACE) for trace_id, rows in calls_by_trace.items() if is_repeating[trace_id]
    )
    trace_ids = evenly(calls_by_trace, amount, bounds)
    calls = contents(
        [
            row
            for trace_id in trace_ids
            if is_repeating[trace_id]
            for row in calls_by_trace[trace_id][:A_TRACE]
        ]
    )
    for trace_id in trace_ids:
        first_starts: dict[ServiceOperation, int] = {}
        for row in calls_by_trace[trace_id]:
            first_starts.setdefault(called_operation(row), row[START])
        number = min(len(calls_by_trace[trace_id]), A_TRACE) if is_repeating[trace_id] else 0
        yield RunContents(trace_id, first_starts, [call for call in islice(calls, number) if call])


def evenly(calls_by_trace: CallsByTrace, amount: int, bounds: SampleBounds) -> list[bytes]:
    """
    Every n-th trace by id, so that of `amount` calls in all traces about `bounds.calls` are read.

    Traces without calls to read are thinned out as much, since the share of failing traces would be wrong otherwise.
    """
    return sorted(calls_by_trace)[:: max(1, -(-amount // bounds.calls))]


def sample_trace_ids(window: Window, a_slice: int) -> list[bytes]:
    """The first traces of each slice of the window, without those that have too few records."""
    parts = slices(window)
    traces = [first_traces(part, a_slice) for part in parts]
    full_slices = [number for number, rows in enumerate(traces) if len(rows) == a_slice]
    spare = sum(a_slice - len(rows) for rows in traces) // max(len(full_slices), 1)
    # Busy slices get what quiet slices leave of their share.
    for number in full_slices if spare else ():
        traces[number] = first_traces(parts[number], a_slice + spare)
    return [trace_id for rows in traces for trace_id, records in rows if records >= LEAST]


def calls_of_traces(trace_ids: Sequence[bytes], without_releases: Collection[str]) -> CallsByTrace:
    """The calls of each of these traces by time, without their content."""
    calls_by_trace: CallsByTrace = defaultdict(list)
    for chunk in id_chunks(trace_ids):
        rows = Record.objects.filter(trace_id__in=chunk, unit__in=UNITS).exclude(release__in=without_releases)
        for row in rows.order_by("trace_id", "span_id").values_list(*COLUMNS)[:MOST_RECORDS]:
            calls_by_trace[bytes(row[0])].append(row)
    for calls in calls_by_trace.values():
        calls.sort(key=lambda row: (row[START], bytes(row[1])))
    return calls_by_trace


def called_operation(row: CallRow) -> ServiceOperation:
    """The operation that the record called."""
    return ServiceOperation(row[SERVICE], row[OPERATION])


def contents(rows: Sequence[CallRow]) -> Iterator[AgentCall | None]:
    """Each call with its input and output, in the order of the rows; None for one whose span cannot be read."""
    for row, capture in zip(rows, captures(rows), strict=True):
        yield (
            None
            if capture is None
            else AgentCall(
                record_of_row(row),
                canonical_text(capture.get("input")),
                canonical_text(capture.get("output")),
            )
        )


def captures(rows: Sequence[CallRow]) -> Iterator[Mapping[str, Any] | None]:
    """The captured content of each row's span, without any if it has none; None if the span cannot be read."""
    for parts in parts_of(list(map(record_of_row, rows))):
        yield None if parts.missing else record_json.record_capture(parts.span, parts.origin) or {}


def record_of_row(row: CallRow) -> FailingRecord:
    """The record as plain values."""
    return from_columns(row)


def canonical_text(content: object) -> str:
    """A text that is equal for equal content, whatever the order of its names; "" for None."""
    # Not by orjson, which refuses deep nesting and surrogates.
    return "" if content is None else json.dumps(content, sort_keys=True)
