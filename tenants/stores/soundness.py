"""
Whether a fault of this code comes from a damaged database: values that their columns cannot have, rows that are gone.

Code that reads them fails in any way. So a fault is looked into before it becomes a 500: if the file of the bound
project or the control database holds such values, it is the store that failed, which is a 503 with the remedy. Sound
databases cost nothing. What columns may hold: column_rules.py.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import struct
import time
from collections.abc import Iterable
from typing import Any

import orjson
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, OperationalError, models
from django.db.backends.base.base import BaseDatabaseWrapper

from loopkit.http import store_fault
from tenants.stores.column_rules import has_form, json_form, wrong_value
from tenants.stores.project_file import ALIAS_PREFIX, STORE_APP

# MemoryError: what bytes() raises for a huge number in a column of bytes. RecursionError: JSON of a thousand levels.
FAULTS = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError, struct.error,
    ObjectDoesNotExist, DatabaseError,
)  # fmt: skip
# https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.text_factory
NO_TEXT = re.compile(r"Could not decode to UTF-8 column '(\w{1,60})'")
QUIET_SECONDS = 60  # for which a database that was found sound is not read again
PATIENCE = 5.0  # seconds for which damage is looked for
_found_sound: dict[tuple[str, int], float] = {}


class Damage(OperationalError):
    """A database is not as LoopKit left it."""

    def __init__(self, what: str, store: str = "") -> None:
        self.store = store  # whose it is, as the log calls it; empty: the bound project's
        super().__init__(
            f"{what}: the database is damaged. Put a sound copy in its place, see docs/operations.md."
        )


class DamagedColumn(Damage):
    """A column of a database holds values that it cannot have."""

    def __init__(self, column: str, store: str = "") -> None:
        super().__init__(f"{column} holds wrong values", store)


class OutOfTime(Exception):
    """Looking for damage took longer than PATIENCE."""


def explained(error: Exception, connection: BaseDatabaseWrapper | None, store: str = "") -> Exception:
    """Damage if the database behind the connection explains the error, else the error itself."""
    if isinstance(error, Damage) or connection is None:
        return error
    if is_unreadable(error):
        found = NO_TEXT.match(str(error))
        return (
            DamagedColumn(f"A column {found[1]}", store) if found else Damage(str(error).rstrip("."), store)
        )
    if not isinstance(error, FAULTS) or store_fault.is_store_fault(error):
        return error
    try:
        column = damaged_column(connection)
    except OutOfTime:
        return error
    except DatabaseError as failure:
        if connection.vendor != "sqlite":
            return error
        # The tables are not as this code made them, or the file cannot be read.
        is_readable = not store_fault.is_store_fault(failure)
        return Damage(str(failure), store) if is_readable else explained(failure, connection, store)
    return DamagedColumn(column, store) if column else error


def is_unreadable(error: Exception) -> bool:
    """Whether Python's sqlite3 itself could not read what SQLite gave it: such errors have no code."""
    return isinstance(error.__cause__, sqlite3.OperationalError) and store_fault.sqlite_code(error) is None


def damaged_column(connection: BaseDatabaseWrapper) -> str:
    """The first column with a wrong value, such as `telemetry_record.name (rowid 3)`; "" if none has."""
    path = str(connection.settings_dict["NAME"])
    file_key, now = (path, inode(path)), time.monotonic()
    if now - _found_sound.get(file_key, -QUIET_SECONDS) < QUIET_SECONDS:
        return ""
    is_of_project = connection.alias.startswith(ALIAS_PREFIX)
    tables = [
        model
        for model in apps.get_models(include_auto_created=True)
        if (model._meta.app_label == STORE_APP) == is_of_project and model._meta.managed
    ]
    tables.sort(key=lambda model: model._meta.db_table)
    looks = (
        [missing_column, wrong_column, formless_document]
        if connection.vendor == "sqlite"
        else [formless_document]
    )
    with connection.wrap_database_errors:
        connection.ensure_connection()
        for look in looks:  # the quick one for all tables first
            for model in tables:
                if time.monotonic() - now > PATIENCE:
                    raise OutOfTime
                if found := look(connection.connection, model):
                    return found
    if file_key[1]:
        _found_sound[file_key] = now
    return ""


def inode(path: str) -> int:
    """The number of the file, by which one put in its place is another; 0 for a database that is no file."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def columns_of(model: type[models.Model]) -> list[Any]:
    """The model's fields that are one column each."""
    fields = model._meta.concrete_fields
    return [field for field in fields if not isinstance(field, models.CompositePrimaryKey)]


def missing_column(database: Any, model: type[models.Model]) -> str:
    """
    The model's table with what has its place or a trigger that is not LoopKit's; "" if there is none. For SQLite.

    Raises the database's error if it has no such table or column.
    """
    table = model._meta.db_table
    columns = ", ".join(f'"{table}"."{field.column}"' for field in columns_of(model))
    database.execute(f'SELECT {columns} FROM "{table}" LIMIT 0')  # noqa: S608  (names of the schema)
    kinds = database.execute("SELECT type FROM sqlite_master WHERE tbl_name = ?", (table,)).fetchall()
    if ("view",) in kinds:
        return f"{table} (a view)"
    has_foreign_trigger = model._meta.app_label == STORE_APP and ("trigger",) in kinds
    return f"{table} (with a trigger)" if has_foreign_trigger else ""


def wrong_column(database: Any, model: type[models.Model]) -> str:
    """The model's first column with a value that it cannot have, and the row; "" if none has. For SQLite."""
    table, fields = model._meta.db_table, columns_of(model)
    tests = ", ".join(f"MAX({wrong_value(field)})" for field in fields)
    results = database.execute(f'SELECT {tests} FROM "{table}"').fetchone()  # noqa: S608  (names of the schema)
    field = next((field for field, is_wrong in zip(fields, results, strict=True) if is_wrong), None)
    if field is None:
        return ""
    rows = database.execute(f'SELECT rowid FROM "{table}" WHERE {wrong_value(field)} LIMIT 1')  # noqa: S608
    return f"{table}.{field.column} (rowid {rows.fetchone()[0]})"


def formless_document(database: Any, model: type[models.Model]) -> str:
    """The model's first column with a document that is none or lacks fields; "" if none has."""
    table = model._meta.db_table
    for field in columns_of(model):
        if isinstance(field, models.JSONField):
            cursor = database.cursor()
            cursor.execute(f'SELECT CAST("{field.column}" AS TEXT) FROM "{table}"')  # noqa: S608
            if not all_have_form((text for (text,) in cursor), json_form(field), nullable=field.null):
                return f"{table}.{field.column}"
    return ""


def all_have_form(documents: Iterable[str | None], form: Any, *, nullable: bool) -> bool:
    """Whether each of the documents, as JSON, can be read, has that form, and can be answered. Raises OutOfTime."""
    deadline = time.monotonic() + PATIENCE
    for text in documents:
        if time.monotonic() > deadline:
            raise OutOfTime
        try:
            if text is None and nullable:
                continue
            document = json.loads(text or "")
            orjson.loads(text or "")  # refuses infinities, NaN, half of a surrogate pair
            orjson.dumps(document)  # refuses integers beyond 64 bits, and nesting that no answer can have
            if not has_form(document, form):
                return False
        except (TypeError, ValueError, RecursionError):
            return False
    return True
