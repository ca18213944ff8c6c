"""Statements against the bound project's store. SQL that SQLite 3.40 and PostgreSQL 15 both speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connections

from tenants.stores.binding import bound_alias

SIZES = (128, 16, 1)  # rows a statement; few texts, so that each is prepared once
ROWS = "{rows}"  # in a statement: where its rows of values go


def write_many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """
    Write rows where the statement says ROWS, many a statement; how many rows it changed.

    SQLite gives up Python's interpreter lock at each step, and under load it comes back 5 ms later: a statement for
    each row (`executemany`) made 512 rows wait for a second.
    """
    changed = 0
    with connections[bound_alias()].cursor() as cursor:
        for part in parts(rows):
            cursor.execute(filled(sql, len(part), len(part[0])), list(chain.from_iterable(part)))
            changed += cursor.rowcount
    return changed


def fetch_many(sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Write rows as write_many does; all that the statements return."""
    return [
        found
        for part in parts(rows)
        for found in fetch(filled(sql, len(part), len(part[0])), list(chain.from_iterable(part)))
    ]


def parts(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in parts of the largest of SIZES that fits."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


@lru_cache(maxsize=64)
def filled(sql: str, rows: int, columns: int) -> str:
    """The statement with a placeholder for each value."""
    row = "(" + ", ".join(["%s"] * columns) + ")"
    return sql.replace(ROWS, ", ".join([row] * rows))


def execute(sql: str, parameters: Sequence[Any]) -> None:
    """One statement that returns nothing."""
    with connections[bound_alias()].cursor() as cursor:
        cursor.execute(sql, parameters)


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """One statement and all it returns."""
    with connections[bound_alias()].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
