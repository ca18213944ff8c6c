"""Statements on the bound project's store, in SQL that runs on SQLite 3.40 and PostgreSQL 15."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from django.db import connections

from tenants.limits.heavy_runs import checkpoint
from tenants.stores.binding import bound_alias

# Rows per statement. Few sizes make few different statements, so that each is prepared once.
SIZES = (128, 16, 4, 1)
MOST_IDS = 400  # a statement
ROWS = "{rows}"  # stands in a statement for its rows of values


def write_many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """
    Run the statement with the rows in place of ROWS, many at once; returns how many rows it changed.

    SQLite releases Python's interpreter lock at each step, and under load gets it back 5 ms later: a statement for each
    row (`executemany`) made 512 rows wait for a second.
    """
    changed = 0
    with connections[bound_alias()].cursor() as cursor:
        for part in row_parts(rows):
            cursor.execute(filled_statement(sql, len(part), len(part[0])), list(chain.from_iterable(part)))
            changed += cursor.rowcount
    return changed


def fetch_many(sql: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Run the statement with the rows in place of ROWS, many at once; returns all rows of its results."""
    return [
        row
        for part in row_parts(rows)
        for row in fetch(filled_statement(sql, len(part), len(part[0])), list(chain.from_iterable(part)))
    ]


def row_parts(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in parts, each of the largest of SIZES that fits."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def id_chunks(ids: Iterable[bytes], size: int = MOST_IDS) -> Iterator[list[bytes]]:
    """The distinct ids, in order, in parts that one statement takes."""
    ordered = sorted(set(ids))
    return (ordered[start : start + size] for start in range(0, len(ordered), size))


def id_placeholders(ids: Sequence[bytes]) -> str:
    """Placeholders for so many ids."""
    return f"({', '.join(['%s'] * len(ids))})"


def fetch_of_ids(sql: str, ids: Iterable[bytes]) -> list[tuple[Any, ...]]:
    """Run the statement with the list of the distinct ids behind its end, some hundred at once; returns all rows."""
    return [row for chunk in id_chunks(ids) for row in fetch(f"{sql}{id_placeholders(chunk)}", chunk)]


@lru_cache(maxsize=64)
def filled_statement(sql: str, rows: int, columns: int) -> str:
    """The statement with a placeholder for each value of its rows."""
    row = "(" + ", ".join(["%s"] * columns) + ")"
    return sql.replace(ROWS, ", ".join([row] * rows))


def execute(sql: str, parameters: Sequence[Any]) -> None:
    """Run one statement that returns nothing."""
    with connections[bound_alias()].cursor() as cursor:
        cursor.execute(sql, parameters)


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement; returns all its rows. Raises Unavailable in a heavy request that is given up."""
    checkpoint()
    with connections[bound_alias()].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
