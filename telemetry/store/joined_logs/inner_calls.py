"""
The calls that are stored directly inside spans, each found by its id or its end without going through the others.

How many of them are looked at does not depend on what was sent before: a trace is read once for all spans of it, the
smallest traces first, MOST_SEARCHED records together, and the contents of MOST_READ calls are, of more those that ended
nearest to the log records, which clients write as a call ends. Calls that came just now need no reading.

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from telemetry.store.insertion import Key
from telemetry.store.joined_logs.stored_parts import read_parts
from telemetry.store.joined_logs.told_calls import UNITS, Names, ToldCall, ids_of_call
from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch_many, fetch_of_ids

NEAR_NANO = (
    30_000_000  # between the end of a call and the event of its answer: in one process, at the same moment
)
MOST_SEARCHED = 20_000  # records of the traces that one batch looks for calls in
MOST_READ = 500  # calls whose contents one batch reads for their ids
CALLS = (
    "SELECT trace_id, parent_span_id, span_id, start_time_unix_nano + duration_nano, unit FROM telemetry_record "
    "WHERE unit IN ('llm_call', 'tool_call') AND parent_span_id IS NOT NULL AND trace_id IN "
)
UNITS_OF_SPANS = """
    WITH wanted (its_trace, its_span) AS (VALUES {rows})
    SELECT trace_id, span_id, unit FROM wanted JOIN telemetry_record ON trace_id = its_trace AND span_id = its_span
"""
SIZES = "SELECT trace_id, records FROM telemetry_trace WHERE trace_id IN "
Place = tuple[Key, str]  # a span, and the unit of calls directly inside it


class AskedCall(NamedTuple):
    """A call that is looked for: the span that a log record names, what it tells of the call, and its time."""

    named: Key
    told: ToldCall
    time_unix_nano: int
    waited: bool  # from an earlier request on

    @property
    def place(self) -> Place:
        """Where the call is."""
        return self.named, self.told.unit


class InnerCall(NamedTuple):
    """A call directly inside a span."""

    place: Place
    key: Key
    end_unix_nano: int


class InnerCalls:
    """Calls directly inside spans, by their places, ends and ids."""

    def __init__(self, own: Iterable[Place], calls: Iterable[InnerCall]) -> None:
        """`own`: spans that are calls themselves, with their units."""
        self.own = frozenset(own)
        self.ends: dict[Place, list[tuple[int, Key]]] = defaultdict(list)
        self.by_id: dict[tuple[Place, Names, str], Key] = {}
        self.partly_read: set[Place] = set()  # where some calls were too many to read their ids
        for call in set(calls):
            self.ends[call.place].append((call.end_unix_nano, call.key))
        for ends in self.ends.values():
            ends.sort()

    def add_id(self, place: Place, names: Names, call_id: str, key: Key) -> None:
        """Note the id of a call; of several calls with one id the first by its span id is found."""
        found = self.by_id.setdefault((place, names, call_id), key)
        if key < found:
            self.by_id[place, names, call_id] = key

    def target_of(self, asked: AskedCall) -> Key | None:
        """The call; None as long as it has not come."""
        if asked.place in self.own:
            return asked.named
        if asked.told.call_id:
            return self.by_id.get((asked.place, asked.told.names, asked.told.call_id))
        return self.nearest(asked.place, asked.time_unix_nano)

    def nearest(self, place: Place, time: int) -> Key | None:
        """The call that ended within NEAR_NANO of this time, the nearest and of those the first by its span id."""
        ends = self.ends.get(place, [])
        after = bisect_left(ends, (time,))
        found = ends[after : after + 1]
        if after:
            found.append(ends[bisect_left(ends, (ends[after - 1][0],))])
        near = [(abs(end - time), key) for end, key in found if abs(end - time) <= NEAR_NANO]
        return min(near)[1] if near else None

    def around(self, place: Place, time: int, number: int) -> list[Key]:
        """So many calls whose ends are around this time."""
        ends = self.ends.get(place, [])
        first = bisect_left(ends, (time,)) - (number + 1) // 2
        first = max(0, min(first, len(ends) - number))
        return [key for _, key in ends[first : first + number]]


def find_calls(asked: Sequence[AskedCall], inserted: Sequence[RecordRow]) -> tuple[InnerCalls, int]:
    """
    The calls among which these are, and of how many log records the call may be one that was not looked at.

    Args:
        inserted: the rows that came with this batch. A log record that waited was asked for all others before.
    """
    named = {each.named for each in asked}
    came = [(row, call) for row, call in calls_among(inserted) if call.place[0] in named]
    arrived = {each.named for each in asked if not each.waited}
    searched = small_traces({trace_id for trace_id, _ in arrived})
    calls = InnerCalls(
        units_of(named), [*stored_calls(arrived, sorted(searched)), *(call for _, call in came)]
    )
    for row, call in came:
        for names, call_id in ids_of_call(row.message, row.unit):
            calls.add_id(call.place, names, call_id, call.key)
    unknown = [each for each in asked if not each.waited and each.told.call_id and not calls.target_of(each)]
    read_ids(calls, unknown, {call.key for _, call in came})
    is_beyond = [each.named[0] not in searched or each.place in calls.partly_read for each in unknown]
    return calls, sum(
        beyond and not calls.target_of(each) for each, beyond in zip(unknown, is_beyond, strict=True)
    )


def calls_among(rows: Iterable[RecordRow]) -> Iterator[tuple[RecordRow, InnerCall]]:
    """The calls inside other spans among these rows, each with its row."""
    for row in rows:
        if row.parent_span_id and row.unit in UNITS:
            place = (row.trace_id, row.parent_span_id), row.unit
            yield row, InnerCall(place, row[:2], row.start_time_unix_nano + row.duration_nano)


def small_traces(trace_ids: Iterable[bytes]) -> set[bytes]:
    """Those of these traces that are stored, the smallest that have MOST_SEARCHED records together."""
    sizes = fetch_of_ids(SIZES, trace_ids)
    chosen, searched = set(), 0
    for records, trace_id in sorted((int(records), bytes(trace_id)) for trace_id, records in sizes):
        searched += records
        if searched > MOST_SEARCHED:
            break
        chosen.add(trace_id)
    return chosen


def stored_calls(named: Collection[Key], trace_ids: Sequence[bytes]) -> Iterator[InnerCall]:
    """The stored calls of these traces that are directly inside the named spans."""
    for trace_id, parent, span_id, end, unit in fetch_of_ids(CALLS, trace_ids):
        around = bytes(trace_id), bytes(parent)
        if around in named:
            yield InnerCall((around, unit), (around[0], bytes(span_id)), int(end))


def units_of(named: Iterable[Key]) -> list[Place]:
    """Those of these spans that are stored, with their units."""
    rows = fetch_many(UNITS_OF_SPANS, sorted(named))
    return [((bytes(trace_id), bytes(span_id)), unit) for trace_id, span_id, unit in rows]


def read_ids(calls: InnerCalls, asked: Sequence[AskedCall], known: Collection[Key]) -> None:
    """Read the ids of the stored calls where these may be; of those that are too many, the nearest of each."""
    places = {each.place: None for each in asked}
    unread = {key: place for place in places for _, key in calls.ends.get(place, ()) if key not in known}
    if len(unread) > MOST_READ:
        each_reads = max(1, MOST_READ // len(asked))
        near = [
            key
            for each in asked[:MOST_READ]
            for key in calls.around(each.place, each.time_unix_nano, each_reads)
        ]
        chosen = dict.fromkeys(near)
        calls.partly_read = {place for key, place in unread.items() if key not in chosen}
        unread = {key: place for key, place in unread.items() if key in chosen}
    for key, parts in read_parts(unread).items():
        for names, call_id in ids_of_call(parts.original, unread[key][1]):
            calls.add_id(unread[key], names, call_id, key)
