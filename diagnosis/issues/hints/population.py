"""
The records that hints are counted in: all of the operations in which clusters failed, or a uniform sample of them.

Where there are too many, the times of the window are cut into equal stretches, and of each stretch one piece is read,
chosen by the hash of the stretch. Stretches follow from the times and the number of the window's records, not from its
bounds, so that every window that holds the same records draws the same sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple

from diagnosis.issues.extents import KEY, Extent
from diagnosis.window.traffic import ServiceOperation
from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.sql import ROWS, fetch, fetch_many, filled_statement
from telemetry.windows import Window

COUNTED = 10_000  # records of the operations up to which all are counted
LOOKED_THROUGH = 40_000  # records of the window up to which those of its operations are searched
RARE = 2_000  # records of a cluster's operations, up to which it gets the larger of the two samples
FINE, COARSE = 10_000, 2_000  # records of the window that a sample looks through
STRETCHES = 64
COLUMNS = (
    "trace_id, span_id, service, operation, fingerprint, start_time_unix_nano, segment_id, position, resource_id, "
    "scope_id, duration_nano, environment, release"
)
# Two statements in one, since SQLite looks up a least or a greatest value alone, and reads the index for both.
BETWEEN = "FROM telemetry_record WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s"
FIRST_AND_LAST = f"""
    SELECT (SELECT MIN(start_time_unix_nano) {BETWEEN}), (SELECT MAX(start_time_unix_nano) {BETWEEN})
"""
# CROSS JOIN, so that SQLite looks each piece up in the index of times. Without versions and calls that count elsewhere.
IN_PIECES = f"""
    WITH pieces (first, last) AS (VALUES {{rows}})
    SELECT {COLUMNS} FROM pieces CROSS JOIN telemetry_record AS record
    WHERE start_time_unix_nano >= first AND start_time_unix_nano < last AND {{is_of_places}} AND {IS_COUNTED}
"""  # noqa: S608  (constants)
BY_KEY = f"""
    WITH keys (key_trace, key_span) AS (VALUES {ROWS})
    SELECT {COLUMNS} FROM keys JOIN telemetry_record ON trace_id = key_trace AND span_id = key_span
"""  # noqa: S608  (constants)
MOST_IN_SQL = 500  # operations that a statement names; with more, all records are read
Piece = tuple[int, int]  # a range of times in nanoseconds, `[first, last)`


class PopulationRecord(NamedTuple):
    """A record with its operation, its cluster, and the places of its parts in the store."""

    trace_id: bytes
    span_id: bytes
    service: str
    operation: str
    fingerprint: int | None
    start_time_unix_nano: int
    segment_id: int
    position: int
    resource_id: int
    scope_id: int
    duration_nano: int
    environment: str
    release: str

    @property
    def key(self) -> bytes:
        """The trace id and the span id, joined."""
        return self.trace_id + self.span_id

    @property
    def place(self) -> ServiceOperation:
        """The operation that it ran."""
        return ServiceOperation(self.service, self.operation)


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Which records to read for which operations: one in so many of the window's, 1 for all of them."""

    places: dict[int, set[ServiceOperation]]  # by one in how many records
    one_in: dict[int, int]  # by the fingerprint of the cluster

    def is_whole(self, fingerprint: int) -> bool:
        """Whether all records of the cluster's operations are read."""
        return self.one_in[fingerprint] == 1


def reading_plan(clusters: Sequence[Extent], traffic: Counter[ServiceOperation]) -> ReadingPlan:
    """All records of the clusters' operations if these are few enough, else a sample, larger for rare operations."""
    total = traffic.total()
    places = {place for cluster in clusters for place in cluster.places}
    is_whole = total <= LOOKED_THROUGH and sum(traffic[place] for place in places) <= COUNTED
    one_in = {
        cluster.fingerprint: 1 if is_whole else sampling_step(total, cluster, traffic) for cluster in clusters
    }
    by_step: dict[int, set[ServiceOperation]] = {}
    for cluster in clusters:
        by_step.setdefault(one_in[cluster.fingerprint], set()).update(cluster.places)
    return ReadingPlan(by_step, one_in)


def sampling_step(total: int, cluster: Extent, traffic: Counter[ServiceOperation]) -> int:
    """One in how many records of a window with so many is read for the cluster."""
    is_rare = sum(traffic[place] for place in cluster.places) <= RARE
    return -(-total // (FINE if is_rare else COARSE))


@dataclass(frozen=True, slots=True)
class Population:
    """The records that were read, by one in how many they are, and the length in nanoseconds of a stretch of time."""

    rows: dict[int, list[PopulationRecord]]
    stretch: int

    def piece_of(self, row: PopulationRecord) -> int:
        """The number of the stretch of whose piece the record is."""
        return row.start_time_unix_nano // self.stretch


def read_population(window: Window, plan: ReadingPlan) -> Population:
    """The records to compare."""
    ((first, last),) = fetch(FIRST_AND_LAST, [window.start_unix_nano, window.end_unix_nano] * 2)
    if first is None:
        return Population({step: [] for step in plan.places}, 1)
    stretch = 1 << ((last - first) // STRETCHES).bit_length()
    rows = {
        step: read_pieces(drawn_pieces(first, last + 1, stretch, step), places)
        for step, places in plan.places.items()
    }
    return Population(rows, stretch)


def drawn_pieces(first: int, last: int, length: int, step: int) -> list[Piece]:
    """
    The pieces of `[first, last)` to read so that each time is in one of them with a chance of 1 in `step`.

    There is one in each stretch of this length, a power of two, so that the longest piece is not much longer.
    """
    if step == 1:
        return [(first, last)]
    numbers = range(first // length, (last - 1) // length + 1)
    pieces = (drawn_piece(number, length, step) for number in numbers)
    return [(max(begin, first), min(end, last)) for begin, end in pieces if begin < last and end > first]


def drawn_piece(number: int, length: int, step: int) -> Piece:
    """The piece, one of `step` equal ones, of the stretch with this number."""
    digest = blake2b(f"{number} {length}".encode(), digest_size=8).digest()
    chosen, start = int.from_bytes(digest) % step, number * length
    return start + length * chosen // step, start + length * (chosen + 1) // step


def read_pieces(pieces: Sequence[Piece], places: Collection[ServiceOperation]) -> list[PopulationRecord]:
    """The records of these operations in these pieces of time, in no order."""
    if not pieces:
        return []
    named = sorted(places) if len(places) <= MOST_IN_SQL else []
    statement = filled_statement(
        IN_PIECES.format(rows=ROWS, is_of_places=places_condition(len(named))), len(pieces), 2
    )
    rows = population_records(fetch(statement, [bound for each in [*pieces, *named] for bound in each]))
    return rows if named else [row for row in rows if row.place in places]


def places_condition(number: int) -> str:
    """The condition that a record is of one of so many operations, which follow as parameters; none for 0."""
    if not number:
        return "TRUE"
    return f"(service, operation) IN (VALUES {', '.join(['(%s, %s)'] * number)})"


def read_by_key(keys: Collection[bytes]) -> list[PopulationRecord]:
    """Those records with these keys that are stored, in no order."""
    return population_records(fetch_many(BY_KEY, [(key[:16], key[16:KEY]) for key in sorted(keys)]))


def population_records(rows: Sequence[tuple[Any, ...]]) -> list[PopulationRecord]:
    """The rows as records, with bytes where a database driver gives a view."""
    records = list(map(PopulationRecord._make, rows))
    if records and not isinstance(records[0].trace_id, bytes):
        return [row._replace(trace_id=bytes(row.trace_id), span_id=bytes(row.span_id)) for row in records]
    return records
