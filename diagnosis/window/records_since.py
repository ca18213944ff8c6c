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
from telemetry.store.rollups import TABLES
from telemetry.store.sql import fetch_many
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
            for stretch in stretches(Window(since.unix_nano + 1, end_unix_nano))
            for place in since.places
        ]
        for key, since in questions.items()
        if since.unix_nano + 1 < end_unix_nano
    }
    numbers = count_pieces({piece for each in pieces.values() for piece in each})
    return Counter({key: sum(numbers[piece] for piece in each) for key, each in pieces.items()})


def stretches(window: Window) -> Iterator[Stretch]:
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
    wanted_parts = sorted((first, last, *place) for (of, first, last), place in pieces if not of)
    for first, last, service, operation, number in fetch_many(IN_RECORDS, wanted_parts):
        numbers[("", first, last), ServiceOperation(service, operation)] = number
    return numbers
