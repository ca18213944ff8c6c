"""
Whether a fault of this code comes from a damaged project file: columns with values of another type than theirs.

SQLite keeps any value in any column, and a file that was repaired by hand or by `.recover` can hold such values. Code
that reads them fails in any way. So a fault while a project is bound is looked into: if its file holds such values, it
is the store that failed, which is a 503 of that project with the remedy. A sound file costs nothing.
https://www.sqlite.org/datatype3.html#type_affinity
"""

from __future__ import annotations

import os
import struct
import time
from typing import Any

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

# MemoryError: what bytes() raises for a huge number in a column of bytes.
FAULTS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError, struct.error)
TYPES = (("INT", "integer"), ("BOOL", "integer"), ("TEXT", "text"), ("CHAR", "text"), ("BLOB", "blob"))
QUIET_SECONDS = 60  # for which a file that was found sound is not read again
_found_sound: dict[tuple[str, int], float] = {}


class DamagedColumn(OperationalError):
    """A column of the project's file holds values of another type than its own."""

    def __init__(self, column: str) -> None:
        super().__init__(
            f"{column} holds values of another type: the file is damaged. Put a sound copy in its place, see "
            "docs/operations.md."
        )


def explained(error: Exception, connection: BaseDatabaseWrapper | None) -> Exception:
    """DamagedColumn if the file behind the connection holds wrong values, else the error itself."""
    if not isinstance(error, FAULTS) or connection is None or connection.vendor != "sqlite":
        return error
    column = damaged_column(connection)
    return DamagedColumn(column) if column else error


def damaged_column(connection: BaseDatabaseWrapper) -> str:
    """The first column, such as `telemetry_record.name`, with a value of another type than its own; "" if none has."""
    path = str(connection.settings_dict["NAME"])
    file_key, now = (path, os.stat(path).st_ino), time.monotonic()
    if now - _found_sound.get(file_key, -QUIET_SECONDS) < QUIET_SECONDS:
        return ""
    file: Any = connection.connection
    tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'telemetry%'")
    for (table,) in sorted(tables):
        if column := damaged_column_of(file, table):
            return f"{table}.{column}"
    _found_sound[file_key] = now
    return ""


def damaged_column_of(file: Any, table: str) -> str:
    """The first column of the table with a value of another type than its own; "" if none has."""
    columns = [
        (row[1], allowed_types(row[2], not_null=row[3]))
        for row in file.execute(f"PRAGMA table_info({table})")
    ]
    checked = [(name, types) for name, types in columns if types]
    tests = ", ".join(f'MAX(typeof("{name}") NOT IN ({types}))' for name, types in checked)
    results = file.execute(f"SELECT {tests} FROM {table}").fetchone()  # noqa: S608  (names of the schema)
    return next((name for (name, _), is_wrong in zip(checked, results, strict=True) if is_wrong), "")


def allowed_types(declared: str, *, not_null: int) -> str:
    """The types that a column may hold, as SQL lists them; "" for a declaration that says nothing."""
    name = next((name for word, name in TYPES if word in declared.upper()), "")
    return f"'{name}'" if not_null or not name else f"'{name}', 'null'"
