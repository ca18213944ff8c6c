"""
The calls that agents made in a window, with what went in and what came out: of a sample of traces of bounded size.

Columns tell which traces called one operation often; only of these the spans themselves are read.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, cast

from diagnosis.failures import FIELDS, Failing, chunks
from diagnosis.hints import slices
from telemetry import records, segments
from telemetry.models import Record, Trace
from telemetry.windows import Window

UNITS = ("tool_call", "retrieval", "llm_call")
A_TRACE = 100  # calls of one trace whose content is read, the first
MOST_RECORDS = 20_000  # of some hundred traces; a runaway agent makes more
COLUMNS = (*FIELDS, "scope_id")  # FIELDS end where a record lies
START, SERVICE, OPERATION = (COLUMNS.index(name) for name in ("start_time_unix_nano", "service", "operation"))

Row = tuple[Any, ...]  # the values of COLUMNS: objects would cost more than all the rest


class Bounds(NamedTuple):
    """How much of a window is looked at."""

    a_slice: int  # traces of each slice of it: traffic may be uneven
    calls: int  # whose content is read


class Lying(NamedTuple):
    """Where a record and its origin are stored."""

    resource_id: int
    segment_id: int
    position: int
    scope_id: int


class Place(NamedTuple):
    """An operation of a service."""

    service: str
    operation: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an agent; the texts are the same for the same content."""

    failing: Failing  # the record; of a call that went well without a fingerprint
    asked: str  # "" where it was not recorded
    result: str

    @property
    def place(self) -> Place:
        """What was called."""
        return Place(self.failing.service, self.failing.operation)

    @property
    def is_model_call(self) -> bool:
        """What a model is asked is new after each step of a tool."""
        return self.failing.unit == "llm_call"

    @property
    def has_failed(self) -> bool:
        """A failure is an issue of its own kind already."""
        return bool(self.failing.fingerprint)


@dataclass(frozen=True, slots=True)
class Run:
    """What one trace called: where, since when, and the calls themselves if it called one operation often."""

    trace_id: bytes
    places: dict[Place, int]  # start of the first call, in unix nanoseconds
    calls: list[Call]  # by time


def read(window: Window, often: int, bounds: Bounds, without: Collection[str] = ()) -> Iterator[Run]:
    """The runs of a sample of the bound project's traces; the records of the releases `without` do not count."""
    made = called(sampled(window, often, bounds.a_slice), without)
    repeating = {
        trace_id: max(Counter(map(place, rows)).values()) >= often for trace_id, rows in made.items()
    }
    amount = sum(min(len(rows), A_TRACE) for trace_id, rows in made.items() if repeating[trace_id])
    chosen = sorted(made)[:: max(1, -(-amount // bounds.calls))]  # evenly, or shares would be wrong
    known = contents([row for trace_id in chosen if repeating[trace_id] for row in made[trace_id][:A_TRACE]])
    for trace_id in chosen:
        first: dict[Place, int] = {}
        for row in made[trace_id]:
            first.setdefault(place(row), row[START])
        amount = min(len(made[trace_id]), A_TRACE) if repeating[trace_id] else 0
        yield Run(trace_id, first, list(islice(known, amount)))


def sampled(window: Window, often: int, a_slice: int) -> list[bytes]:
    """The first traces of each slice of the window, without those that have too few records to call anything often."""
    found: list[bytes] = []
    for part in slices(window):
        started = Trace.objects.filter(
            start_time_unix_nano__gte=part.start_unix_nano, start_time_unix_nano__lt=part.end_unix_nano
        ).order_by("start_time_unix_nano", "trace_id")
        rows = started.values_list("trace_id", "records")[:a_slice]
        found += [bytes(trace_id) for trace_id, number in rows if number >= often]
    return found


def called(trace_ids: Sequence[bytes], without: Collection[str]) -> dict[bytes, list[Row]]:
    """The calls of each of these traces by time, without their content."""
    found: dict[bytes, list[Row]] = defaultdict(list)
    for chunk in chunks(trace_ids):
        rows = Record.objects.filter(trace_id__in=chunk, unit__in=UNITS).exclude(release__in=without)
        for row in rows.order_by("trace_id", "span_id").values_list(*COLUMNS)[:MOST_RECORDS]:
            found[bytes(row[0])].append(row)
    for rows_of_one in found.values():
        rows_of_one.sort(key=lambda row: (row[START], bytes(row[1])))
    return found


def place(row: Row) -> Place:
    """What the record called."""
    return Place(row[SERVICE], row[OPERATION])


def contents(rows: Sequence[Row]) -> Iterator[Call]:
    """The records with what was asked and answered, in their order."""
    lain = [Lying(*row[-len(Lying._fields) :]) for row in rows]
    known = cast(Sequence[Record], lain)  # as they do, these know where they lie
    sent, shared = segments.messages(known), records.origins(known)
    for row, at in zip(rows, lain, strict=True):
        message, origin = sent[at.segment_id, at.position], shared[at.resource_id, at.scope_id]
        capture = records.capture(message, origin) or {"input": None, "output": None}
        yield Call(failing(row), told(capture["input"]), told(capture["output"]))


def failing(row: Row) -> Failing:
    """The record as plain values."""
    trace_id, span_id, parent, *rest = row[: len(FIELDS)]
    return Failing(bytes(trace_id), bytes(span_id), bytes(parent) if parent else None, *rest)


def told(content: object) -> str:
    """The same text for the same content, whatever the order of its names; "" for none."""
    return (
        "" if content is None else json.dumps(content, sort_keys=True)
    )  # orjson refuses depth and surrogates
