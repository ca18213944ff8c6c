"""
The numbers of the audit log's rows, where a database that was edited holds others than LoopKit gave.

SQLite keeps texts, bytes and fractions in the column, which sort after numbers or among them; a number near the largest
has none after it. https://www.sqlite.org/datatype3.html#sort_order
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction

LARGEST = 2**53  # of an entry's number, which JSON's readers keep
TABLE = "tenants_auditentry"
IS_NUMBER = {
    "sqlite": f"(typeof(sequence) = 'integer' AND sequence BETWEEN 1 AND {LARGEST})",
    "postgresql": f"(sequence BETWEEN 1 AND {LARGEST})",
}
KEY = {"sqlite": "rowid", "postgresql": "sequence"}
NEWEST = (
    "SELECT CASE WHEN {is_number} THEN sequence END FROM tenants_auditentry ORDER BY sequence DESC LIMIT 1"
)
HIGHEST = "SELECT sequence FROM tenants_auditentry WHERE {is_number} ORDER BY sequence DESC LIMIT 1"
LOWEST_FREE = """
    SELECT MIN(number) + 1 FROM (SELECT 0 AS number UNION ALL SELECT sequence FROM tenants_auditentry WHERE {is_number})
    AS numbers WHERE NOT EXISTS (SELECT 1 FROM tenants_auditentry AS later WHERE later.sequence = numbers.number + 1)
"""
OPEN = {
    "sqlite": "DROP TRIGGER IF EXISTS audit_no_update",
    "postgresql": f"ALTER TABLE {TABLE} DISABLE TRIGGER audit_append_only",
}
CLOSE = {
    "sqlite": f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "postgresql": f"ALTER TABLE {TABLE} ENABLE TRIGGER audit_append_only",
}
REMEDY = (
    "Put a backup of the control database in its place, or run `manage.py check_data --accept`: it gives such a row "
    "the lowest number that is free, and `manage.py verify_audit` says then whether it was its own. See docs/audit.md."
)


class NoNumberFollows(OperationalError):
    """The newest row of the audit log has no number of an entry, so that none can be appended."""

    def __init__(self) -> None:
        super().__init__(f"The audit log ends with a row that has no number of an entry. {REMEDY}")


def next_number() -> int:
    """The number of the entry to be appended. Raises NoNumberFollows."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST.format(is_number=IS_NUMBER[connection.vendor]))
        newest = cursor.fetchone() or (0,)
    if newest[0] is None or newest[0] == LARGEST:
        raise NoNumberFollows
    return int(newest[0]) + 1


def newest_number() -> int:
    """The highest number of an entry; 0 if there is none."""
    with connection.cursor() as cursor:
        cursor.execute(HIGHEST.format(is_number=IS_NUMBER[connection.vendor]))
        (number,) = cursor.fetchone() or (0,)
    return int(number)


def rows_without_number() -> list[int]:
    """The rows whose number is none of an entry: in SQLite their rowids, in PostgreSQL what they have as number."""
    key, is_number = KEY[connection.vendor], IS_NUMBER[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {TABLE} WHERE NOT {is_number} ORDER BY {key}")  # noqa: S608  (constants)
        return [row for (row,) in cursor.fetchall()]


@transaction.atomic
def number_again() -> None:
    """Give each row without a number the lowest number that is free."""
    if not rows_without_number():
        return
    lowest_free = LOWEST_FREE.format(is_number=IS_NUMBER[connection.vendor])
    with updates_allowed() as cursor:
        for row in rows_without_number():
            cursor.execute(lowest_free)
            number = cursor.fetchone()[0]
            key = KEY[connection.vendor]
            cursor.execute(f"UPDATE {TABLE} SET sequence = %s WHERE {key} = %s", [number, row])  # noqa: S608


@contextmanager
def updates_allowed() -> Iterator[Any]:
    """A cursor whose statements may change rows of the log, in the block alone."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN[connection.vendor])
        yield cursor
        cursor.execute(CLOSE[connection.vendor])
