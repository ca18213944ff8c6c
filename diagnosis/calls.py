"""
The calls that agents made in a window, with what went in and what came out: of a sample of traces of bounded size.

Columns tell which traces called one operation often; only of these the spans themselves are read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import orjson

from diagnosis.failures import FIELDS, Failing, chunks
from diagnosis.hints import slices
from telemetry import records, segments
from telemetry.models import Record, Trace
from telemetry.windows import Window

UNITS = ("tool_call", "retrieval", "llm_call")
A_TRACE = 100  # calls of one trace whose content is read, the first
MOST_RECORDS = 20_000  # of some hundred traces; a runaway agent makes more


class Bounds(NamedTuple):
    """How much of a window is looked at."""

    a_slice: int  # traces of each slice of it: traffic may be uneven
    calls: int  # whose content is read


class Place(NamedTuple):
    """An operation of a service."""

    service: str
    operation: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an agent; the texts are the same for the same content."""

    failing: Failing  # the record; of a call that went well without a fingerprint
    unit: str
    asked: str  # "" where it was not recorded
    result: str

    @property
    def place(self) -> Place:
        """What was called."""
        return Place(self.failing.service, self.failing.operation)

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
    repeating = {trace_id: max(Counter(places(rows)).values()) >= often for trace_id, rows in made.items()}
    amount = sum(min(len(rows), A_TRACE) for trace_id, rows in made.items() if repeating[trace_id])
    chosen = sorted(made)[:: max(1, -(-amount // bounds.calls))]  # evenly, or shares would be wrong
    known = contents([row for trace_id in chosen if repeating[trace_id] for row in made[trace_id][:A_TRACE]])
    for trace_id in chosen:
        first: dict[Place, int] = {}
        for row, place in zip(made[trace_id], places(made[trace_id]), strict=True):
            first.setdefault(place, row.start_time_unix_nano)
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


def called(trace_ids: Sequence[bytes], without: Collection[str]) -> dict[bytes, list[Record]]:
    """The calls of each of these traces by time, without their content."""
    found: dict[bytes, list[Record]] = defaultdict(list)
    for chunk in chunks(trace_ids):
        rows = Record.objects.filter(trace_id__in=chunk, unit__in=UNITS).exclude(release__in=without)
        for row in rows.only(*FIELDS, "scope_id").order_by("trace_id", "span_id")[:MOST_RECORDS]:
            found[bytes(row.trace_id)].append(row)
    for rows_of_one in found.values():
        rows_of_one.sort(key=lambda row: (row.start_time_unix_nano, bytes(row.span_id)))
    return found


def places(rows: Sequence[Record]) -> list[Place]:
    """What each of the records called."""
    return [Place(row.service, row.operation) for row in rows]


def contents(rows: Sequence[Record]) -> Iterator[Call]:
    """The records with what was asked and answered, in their order."""
    sent, shared = segments.messages(rows), records.origins(rows)
    for row in rows:
        message, origin = sent[row.segment_id, row.position], shared[row.resource_id, row.scope_id]
        capture = records.capture(message, origin) or {"input": None, "output": None}
        yield Call(failing(row), row.unit, told(capture["input"]), told(capture["output"]))


def told(content: object) -> str:
    """The same text for the same content, whatever the order of its names; "" for none."""
    if content is None:
        return ""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def failing(row: Record) -> Failing:
    """The record as plain values."""
    values = [getattr(row, name) for name in FIELDS[3:]]
    parent = bytes(row.parent_span_id) if row.parent_span_id else None
    return Failing(bytes(row.trace_id), bytes(row.span_id), parent, *values)
