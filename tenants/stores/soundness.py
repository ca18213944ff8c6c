"""
Whether a fault of this code comes from a damaged database: values that their columns cannot have, rows that are gone.

Code that reads them fails in any way. So a fault is looked into before it becomes a 500: if the file of the bound
project or the control database holds such values, it is the store that failed, which is a 503 with the remedy. Sound
databases cost nothing. What columns may hold: column_rules.py, document_rules.py; when a database is not looked
through again: last_looks.py.
"""

from __future__ import annotations

import json
import re
import sqlite3
import struct
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import orjson
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, OperationalError, models
from django.db.backends.base.base import BaseDatabaseWrapper

from loopkit.http import store_fault
from tenants.stores import last_looks
from tenants.stores.column_rules import TIME_FUNCTION, wrong_value
from tenants.stores.document_rules import ByKind, has_form, json_form
from tenants.stores.project_file import ALIAS_PREFIX, STORE_APP
from tenants.stores.stored_times import is_time_between

# MemoryError: what bytes() raises for a huge number in a column of bytes. RecursionError: JSON of a thousand levels.
FAULTS = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, MemoryError, RecursionError, struct.error,
    ObjectDoesNotExist, DatabaseError,
)  # fmt: skip
# https://docs.python.org/3/library/sqlite3.html#sqlite3.Connection.text_factory
NO_TEXT = re.compile(r"Could not decode to UTF-8 column '(\w{1,60})'")
PATIENCE = 5.0  # seconds for which damage is looked for
LONGEST_KEY = 80  # characters of a row's key in the log


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
    """
    The first column with a wrong value, such as `telemetry_record.name (rowid 3)`; "" if none has, also of a database
    that was looked through just now. Raises OutOfTime.
    """
    if last_looks.is_enough(connection):
        return ""
    with last_looks.noted(connection) as look, connection.wrap_database_errors:
        connection.ensure_connection()
        try:
            found = first_damage(connection.connection, connection.vendor, models_of(connection))
        except OutOfTime:
            look.is_to_be_noted = True
            raise
        look.is_to_be_noted = not found
    return found


def models_of(connection: BaseDatabaseWrapper) -> list[type[models.Model]]:
    """The models of the tables of this database, by the names of these."""
    is_of_project = connection.alias.startswith(ALIAS_PREFIX)
    tables = [
        model
        for model in apps.get_models(include_auto_created=True)
        if (model._meta.app_label == STORE_APP) == is_of_project and model._meta.managed
    ]
    return sorted(tables, key=lambda model: model._meta.db_table)


def first_damage(database: Any, vendor: str, tables: Iterable[type[models.Model]]) -> str:
    """The first column of these tables with a wrong value; "" if none has. Raises OutOfTime."""
    deadline = time.monotonic() + PATIENCE
    looks: list[Callable[[Any, type[models.Model]], str]] = [wrong_column_of_rows, formless_document_of_rows]
    if vendor == "sqlite":
        database.create_function(TIME_FUNCTION, 3, is_time_between, deterministic=True)
        looks = [missing_column, wrong_column, formless_document]
    for look in looks:  # the quick one for all tables first
        for model in tables:
            if time.monotonic() > deadline:
                raise OutOfTime
            if found := look(database, model):
                return found
    return ""


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


def wrong_column(database: Any, model: type[models.Model], vendor: str = "sqlite") -> str:
    """The model's first column with a value that it cannot have, and the row; "" if none has."""
    table, fields = model._meta.db_table, columns_of(model)
    tests = ", ".join(f"MAX({wrong_value(field, vendor)})" for field in fields)
    results = database.execute(f'SELECT {tests} FROM "{table}"').fetchone()  # noqa: S608  (names of the schema)
    field = next((field for field, is_wrong in zip(fields, results, strict=True) if is_wrong), None)
    if field is None:
        return ""
    name, key = row_key(model, vendor)
    is_wrong = f"{wrong_value(field, vendor)} = 1"
    rows = database.execute(f'SELECT {key} FROM "{table}" WHERE {is_wrong} LIMIT 1')  # noqa: S608
    return f"{table}.{field.column} ({name} {shown_key(rows.fetchone()[0])})"


def row_key(model: type[models.Model], vendor: str) -> tuple[str, str]:
    """What rows of the model's table are named by, and the SQL of it."""
    key = model._meta.pk.column if model._meta.pk else None
    return ("rowid", "rowid") if vendor == "sqlite" or key is None else (key, f'"{key}"')


def shown_key(key: Any) -> str:
    """The key of a row, to be logged: a damaged one may be any text."""
    return str(key) if isinstance(key, int) else ascii(key)[:LONGEST_KEY]


def formless_document(database: Any, model: type[models.Model], vendor: str = "sqlite") -> str:
    """The model's first column with a document that is none or lacks fields, and the row; "" if none has."""
    table, (name, key) = model._meta.db_table, row_key(model, vendor)
    for field in columns_of(model):
        if isinstance(field, models.JSONField):
            cursor = database.cursor()
            form = json_form(field)
            cursor.execute(f'SELECT {key}, CAST("{field.column}" AS TEXT), "{form.column}" FROM "{table}"')  # noqa: S608
            row = first_formless(cursor, form, nullable=field.null)
            if row is not None:
                return f"{table}.{field.column} ({name} {shown_key(row)})"
    return ""


wrong_column_of_rows = partial(wrong_column, vendor="postgresql")
formless_document_of_rows = partial(formless_document, vendor="postgresql")


def first_formless(rows: Iterable[tuple[Any, str | None, Any]], form: ByKind, *, nullable: bool) -> Any:
    """The key of the first row whose document, as JSON, has not that form; None if none. Raises OutOfTime."""
    deadline = time.monotonic() + PATIENCE
    for key, text, kind in rows:
        if time.monotonic() > deadline:
            raise OutOfTime
        if not (text is None and nullable) and not is_document(text or "", form.of(kind)):
            return key
    return None


def is_document(text: str, form: Any) -> bool:
    """Whether the text is JSON that can be read and answered, and has that form."""
    try:
        document = json.loads(text)
        orjson.loads(text)  # refuses infinities, NaN, half of a surrogate pair
        orjson.dumps(document)  # refuses integers beyond 64 bits, and nesting that no answer can have
        return has_form(document, form)
    except (TypeError, ValueError, RecursionError):
        return False
