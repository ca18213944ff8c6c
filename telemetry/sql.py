"""Statements against the bound project's store. SQL that SQLite 3.40 and PostgreSQL 15 both speak."""

from collections.abc import Sequence
from typing import Any

from django.db import connections

from tenants.binding import bound_alias


def write_many(sql: str, rows: Sequence[Sequence[Any]]) -> int:
    """One statement for many rows; how many rows it changed."""
    if not rows:
        return 0
    with connections[bound_alias()].cursor() as cursor:
        cursor.executemany(sql, rows)
        return int(cursor.rowcount)


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """One statement and all it returns."""
    with connections[bound_alias()].cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
