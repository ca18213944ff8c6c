"""
How many records of some operations started after a moment, for many such questions at once.

Whole days, hours and minutes are looked up in rollups, by stretch and operation; records are read only for the partial
minutes at both ends. The numbers equal a count of every record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from diagnosis.window.traffic import ServiceOperation
from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.counts.rollups import TABLES
from telemetry.store.sql import fetch, fetch_many
from telemetry.windows import Window

IN_ROLLUPS = """
    WITH wanted (wanted_minute, wanted_service, wanted_operation) AS (VALUES {{rows}})
    SELECT minute, service, operation, SUM(count) FROM wanted JOIN {table}
    ON minute = wanted_minute AND service = wanted_service AND operation = wanted_operation GROUP BY 1, 2, 3
"""
IN_RECORDS = f"""
    WITH wanted (first, last, wanted_service, wanted_operation) AS (VALUES {{rows}})
    SELECT first, last, service, operation, COUNT(*) FROM wanted JOIN telemetry_record AS record
    ON {IS_COUNTED} AND start_time_unix_nano >= first AND start_time_unix_nano < last
    AND service = wanted_service AND operation = wanted_operation GROUP BY 1, 2, 3, 4
"""  # noqa: S608  (constants)
OF_ALL = f"""
    SELECT service, operation, COUNT(*) FROM telemetry_record AS record
    WHERE {IS_COUNTED} AND start_time_unix_nano >= %s AND start_time_unix_nano < %s GROUP BY 1, 2
"""  # noqa: S608  (constants)
MANY = 4  # operations; to group all records of a part of a minute costs less than to go through them so often
MINUTES = {table: minutes for minutes, table in TABLES.items()}
Stretch = tuple[
    str, int, int
]  # a rollup table and one of its minutes twice, or "" and the bounds of a part of a minute
Piece = tuple[Stretch, ServiceOperation]


class Since(NamedTuple):
    """A moment, and the operations of which the records that started after it are asked for."""

    unix_nano: int
    places: frozenset[ServiceOperation]


def records_since(questions: Mapping[int, Since], end_unix_nano: int) -> Counter[int]:
    """The number of records that started after the moment of each question and before the end, by its key."""
    pieces = {
        key: [
            (stretch, place)
            for stretch in window_stretches(Window(since.unix_nano + 1, end_unix_nano))
            for place in since.places
        ]
        for key, since in questions.items()
        if since.unix_nano + 1 < end_unix_nano
    }
    numbers = count_pieces({piece for each in pieces.values() for piece in each})
    return Counter({key: sum(numbers[piece] for piece in each) for key, each in pieces.items()})


def window_stretches(window: Window) -> Iterator[Stretch]:
    """The window in stretches that a rollup counts, and the parts of minutes that remain at its edges."""
    minutes, edges = whole_minutes(window)
    for table, first, last in table_stretches(*minutes):
        yield from ((table, minute, minute) for minute in range(first, last, MINUTES[table]))
    yield from (("", edge.start_unix_nano, edge.end_unix_nano) for edge in edges)


def count_pieces(pieces: set[Piece]) -> Counter[Piece]:
    """The number of records in each piece."""
    numbers: Counter[Piece] = Counter()
    for table in MINUTES:
        wanted = sorted((minute, *place) for (of, minute, _), place in pieces if of == table)
        for minute, service, operation, number in fetch_many(IN_ROLLUPS.format(table=table), wanted):
            numbers[(table, minute, minute), ServiceOperation(service, operation)] = int(number)
    return numbers + count_parts_of_minutes({piece for piece in pieces if not piece[0][0]})


def count_parts_of_minutes(pieces: set[Piece]) -> Counter[Piece]:
    """The number of records in each piece that is a part of a minute. One of many operations is read only once."""
    places = Counter(stretch for stretch, _ in pieces)
    few = sorted((*stretch[1:], *place) for stretch, place in pieces if places[stretch] < MANY)
    rows = fetch_many(IN_RECORDS, few)
    for stretch, number in places.items():
        if number >= MANY:
            rows += [(*stretch[1:], *row) for row in fetch(OF_ALL, stretch[1:])]
    return Counter(
        {
            piece: number
            for first, last, service, operation, number in rows
            if (piece := (("", first, last), ServiceOperation(service, operation))) in pieces
        }
    )
