"""
The calls that agents made in a window, with what went in and what came out: of a sample of traces of bounded size.

Columns tell which traces called one operation often; only of these the spans themselves are read.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from diagnosis.window.failing_records import id_chunks
from diagnosis.window.sampling import first_traces, slices
from diagnosis.window.traffic import ServiceOperation
from telemetry.hashing import hash64_of_texts
from telemetry.models import Record
from telemetry.reads import record_json as records
from telemetry.spans.failing_record import COLUMNS as FAILING_COLUMNS
from telemetry.spans.failing_record import FailingRecord, from_columns
from telemetry.store import segments
from telemetry.windows import Window

UNITS = ("tool_call", "retrieval", "llm_call")
LEAST = 3  # records of a trace that is looked at; in fewer no agent can go wrong by itself
A_TRACE = 100  # calls of one trace whose content is read, the first
MOST_RECORDS = 20_000  # of some hundred traces; a runaway agent makes more
KEY_VERSION = (
    "1"  # no record carries the key of what a diagnosis finds, so no version of fingerprints changes it
)
COLUMNS = (*FAILING_COLUMNS, "scope_id")  # FAILING_COLUMNS end with where the span is stored
START, SERVICE, OPERATION, UNIT, TOOL, FINGERPRINT = (
    COLUMNS.index(name)
    for name in ("start_time_unix_nano", "service", "operation", "unit", "tool", "fingerprint")
)

CallRow = tuple[Any, ...]  # the values of COLUMNS: objects would cost more than all the rest
CallsByTrace = dict[bytes, list[CallRow]]  # the calls of each trace, by time


class SampleBounds(NamedTuple):
    """How much of a window is looked at."""

    a_slice: int  # traces of each slice of it: traffic may be uneven
    calls: int  # whose content is read by a rule


class StoredAt(NamedTuple):
    """Where a record and its origin are stored."""

    resource_id: int
    segment_id: int
    position: int
    scope_id: int


@dataclass(frozen=True, slots=True)
class AgentCall:
    """One call of an agent; the texts are the same for the same content."""

    failing: FailingRecord  # the record; of a call that went well without a fingerprint
    asked: str  # "" where it was not recorded
    result: str

    @property
    def place(self) -> ServiceOperation:
        """What was called."""
        return ServiceOperation(self.failing.service, self.failing.operation)

    @property
    def is_model_call(self) -> bool:
        """What a model is asked is new after each step of a tool."""
        return self.failing.unit == "llm_call"

    @property
    def has_failed(self) -> bool:
        """A failure is an issue of its own kind already."""
        return bool(self.failing.fingerprint)


@dataclass(frozen=True, slots=True)
class RunContents:
    """What one trace called: where, since when, and the calls themselves if it called one operation often."""

    trace_id: bytes
    places: dict[ServiceOperation, int]  # start of the first call, in unix nanoseconds
    calls: list[AgentCall]  # by time


@dataclass(frozen=True, slots=True)
class SampledRun:
    """One trace that called an operation, and the call in which a rule finds its failure there."""

    place: ServiceOperation
    trace_id: bytes
    start_time_unix_nano: int
    failure: FailingRecord | None


def run_rule_fingerprint(signal: str, place: ServiceOperation) -> int:
    """The key of "this goes wrong in the runs that call this operation", in every window."""
    return hash64_of_texts(KEY_VERSION, signal, *place)


def sample_calls(window: Window, bounds: SampleBounds, without: Collection[str] = ()) -> CallsByTrace:
    """The calls of a sample of the bound project's traces; the records of the releases `without` do not count."""
    return calls_of_traces(sample_trace_ids(window, bounds.a_slice), without)


def runs_with_content(made: CallsByTrace, often: int, bounds: SampleBounds) -> Iterator[RunContents]:
    """These traces with the content of their calls, where one operation was called so often."""
    repeating = {
        trace_id: max(Counter(map(called_operation, rows)).values()) >= often
        for trace_id, rows in made.items()
    }
    amount = sum(min(len(rows), A_TRACE) for trace_id, rows in made.items() if repeating[trace_id])
    chosen = evenly(made, amount, bounds)
    known = contents([row for trace_id in chosen if repeating[trace_id] for row in made[trace_id][:A_TRACE]])
    for trace_id in chosen:
        first: dict[ServiceOperation, int] = {}
        for row in made[trace_id]:
            first.setdefault(called_operation(row), row[START])
        amount = min(len(made[trace_id]), A_TRACE) if repeating[trace_id] else 0
        yield RunContents(trace_id, first, list(islice(known, amount)))


def evenly(made: CallsByTrace, amount: int, bounds: SampleBounds) -> list[bytes]:
    """As many of the traces as may be read, if all of them hold this amount of calls: or shares would be wrong."""
    return sorted(made)[:: max(1, -(-amount // bounds.calls))]


def sample_trace_ids(window: Window, a_slice: int) -> list[bytes]:
    """The first traces of each slice of the window, without those that have too few records."""
    parts = slices(window)
    found = [first_traces(part, a_slice) for part in parts]
    full = [number for number, rows in enumerate(found) if len(rows) == a_slice]
    spare = sum(a_slice - len(rows) for rows in found) // max(len(full), 1)
    for number in full if spare else ():  # quiet slices leave their share to busy ones
        found[number] = first_traces(parts[number], a_slice + spare)
    return [trace_id for rows in found for trace_id, records in rows if records >= LEAST]


def calls_of_traces(trace_ids: Sequence[bytes], without: Collection[str]) -> CallsByTrace:
    """The calls of each of these traces by time, without their content."""
    found: CallsByTrace = defaultdict(list)
    for chunk in id_chunks(trace_ids):
        rows = Record.objects.filter(trace_id__in=chunk, unit__in=UNITS).exclude(release__in=without)
        for row in rows.order_by("trace_id", "span_id").values_list(*COLUMNS)[:MOST_RECORDS]:
            found[bytes(row[0])].append(row)
    for rows_of_one in found.values():
        rows_of_one.sort(key=lambda row: (row[START], bytes(row[1])))
    return found


def called_operation(row: CallRow) -> ServiceOperation:
    """What the record called."""
    return ServiceOperation(row[SERVICE], row[OPERATION])


def contents(rows: Sequence[CallRow]) -> Iterator[AgentCall]:
    """The records with what was asked and answered, in their order."""
    for row, capture in zip(rows, captures(rows), strict=True):
        yield AgentCall(
            failing_row(row), canonical_text(capture.get("input")), canonical_text(capture.get("output"))
        )


def captures(rows: Sequence[CallRow]) -> Iterator[Mapping[str, Any]]:
    """What was recorded of each unit of work, in their order."""
    lain = [StoredAt(*row[-len(StoredAt._fields) :]) for row in rows]
    known = cast(Sequence[Record], lain)  # as they do, these know where they lie
    sent, shared = segments.span_messages(known), records.origins(known)
    for at in lain:
        message, origin = sent[at.segment_id, at.position], shared[at.resource_id, at.scope_id]
        yield records.record_capture(message, origin) or {}


def failing_row(row: CallRow) -> FailingRecord:
    """The record as plain values."""
    return from_columns(row[: len(FAILING_COLUMNS)])


def canonical_text(content: object) -> str:
    """The same text for the same content, whatever the order of its names; "" for none."""
    return (
        "" if content is None else json.dumps(content, sort_keys=True)
    )  # orjson refuses depth and surrogates
