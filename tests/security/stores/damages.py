"""Damages of the tables behind a list of models, generated from their columns: rows gone, hostile values, bytes cut."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

SEED = 20261129
Damage = Callable[[Any], Any]  # takes a connection or a cursor
Model = type[models.Model]


class Expression(str):
    """A value as SQL writes it, which no parameter of a statement can be."""


NESTED = "[" * 10_000 + "]" * 10_000
VALUES: dict[str, Any] = {
    "negative": -1,
    "huge": 2**62,
    "half": 0.5,
    "infinite": float("inf"),
    "text": "\x00garbage",
    "empty": "",
    "bytes": b"\xff\x00\xfe",
    "no UTF-8": Expression("CAST(x'fffe' AS TEXT)"),
    "nested": NESTED,
}
# Of kinds of columns: what SQLite keeps or computes with, and their readers in Python do not, and edges of their range.
TIMES = {
    "no day": "2026-02-30 00:00:00", "no date": "12:00", "a word": "now", "no hour": "2026-11-30 24:00:00",
    "a Julian day": "2460000.5", "no zone": "2026-11-30 00:00:00+99:99", "first": "0001-01-01 00:00:00",
    "before the first": "0001-01-01 00:00:00+14:00", "last": "9999-12-31 23:59:59.999999",
    "after the last": "9999-12-31 23:59:59-14:00", "before 1970": "1969-12-31 23:59:59",
    "after 2262": "2262-04-13 00:00:00",
}  # fmt: skip
NUMBERS = {"largest": 2**63 - 1, "least": -(2**63), "beyond JSON": 2**53 + 1}
FLOATS = {"near infinity": 1e308, "far below": -1e308, "largest": 2**63 - 1}
OF_KINDS: list[tuple[type[Any], dict[str, Any]]] = [
    (models.DateTimeField, TIMES), (models.IntegerField, NUMBERS), (models.FloatField, FLOATS),
]  # fmt: skip
DOCUMENTS = {"list": "[]", "number": "1", "word": '"x"', "null": "null", "object": "{}", "NaN": "NaN"}
JSON_VALUES = VALUES | DOCUMENTS
# Every kind of value that JSON has, and what its readers and writers part over: https://www.rfc-editor.org/rfc/rfc8259
JSON_KINDS: dict[str, str] = {
    "null": "null", "true": "true", "negative": "-1", "huge": str(2**70), "infinite": "1e999", "half": "0.5",
    "text": '"x"', "empty": '""', "surrogate": '"\\ud800"', "array": "[]", "texts": '["x"]', "object": "{}",
    "deep": "[" * 300 + "]" * 300, "beyond": str(2**53 + 1), "many": str(2**52), "near infinity": "1e308",
    "before the first": '"0001-01-01T00:00:00+14:00"', "after the last": '"9999-12-31T23:59:59-14:00"',
    "before 1970": '"1969-12-31T23:59:59Z"', "after 2262": '"2262-04-13T00:00:00Z"',
}  # fmt: skip
HOLE = "the hole of a document"
KEYS = ("trace_id", "span_id", "origin_id", "segment_id")


def telemetry_models() -> list[Model]:
    """The models of a project's store."""
    return list(apps.get_app_config("telemetry").get_models())


def control_models() -> list[Model]:
    """The models of the control database, with the tables between two of them."""
    return [model for model in apps.get_models(include_auto_created=True) if model not in telemetry_models()]


def row_damages(of: Iterable[Model]) -> Iterator[tuple[str, Damage]]:
    """Of each table: every row gone, every second one, the first one."""
    for model in of:
        table = model._meta.db_table
        for what, rows in ("empty", ""), ("half", " WHERE rowid % 2 = 0"), ("first", " WHERE rowid = 1"):
            yield f"{table} {what}", statement(f"DELETE FROM {table}{rows}")


def byte_damages(of: Iterable[Model]) -> Iterator[tuple[str, Damage]]:
    """Of each column of bytes: cut, emptied, and other bytes."""
    for model in of:
        for field in model._meta.concrete_fields:
            if isinstance(field, models.BinaryField) and not field.primary_key and field.attname not in KEYS:
                table, column = model._meta.db_table, field.attname
                for how, value in (
                    ("cut", f"substr({column}, 1, length({column}) / 2)"),
                    ("gone", "x''"),
                    ("others", "x'ff00fe0a'"),
                ):
                    yield f"{table}.{column} {how}", statement(f"UPDATE {table} SET {column} = {value}")


def value_damages(of: Iterable[Model]) -> Iterator[tuple[str, Damage]]:
    """Of each column: each hostile value, in all of its rows and in the newest one; NULL where it may be."""
    for model in of:
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CompositePrimaryKey):
                continue
            table, column = model._meta.db_table, field.column
            for name, value in hostile_values(field).items():
                for where, last in ("", False), (" in one row", True):
                    yield f"{table}.{column} {name}{where}", hostile(table, column, value, last)


def document_damages(of: Iterable[Model], samples: int = 1) -> Iterator[tuple[str, Damage]]:
    """Of the first rows' documents of each JSON column: each value inside replaced by each kind of value."""
    for model in of:
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            if isinstance(field, models.JSONField):
                rows = model._default_manager.exclude(**{field.name: None}).order_by("pk")[:samples]
                for row in rows:
                    key, stored = f"{model._meta.pk.column} = ?", getattr(row, field.attname)
                    for path, holed in with_hole(stored):
                        for kind, text in JSON_KINDS.items():
                            document = json.dumps(holed).replace(json.dumps(HOLE), text)
                            sql = f"UPDATE {table} SET {field.column} = ? WHERE {key}"
                            values = (document, row.pk)
                            yield f"{table}.{field.column} {row.pk} {path} {kind}", partial(run, sql, values)


def with_hole(document: Any) -> Iterator[tuple[str, Any]]:
    """Each path into the document, of a list the first two items, and the document with HOLE there."""
    if isinstance(document, dict):
        items: list[tuple[Any, Any]] = list(document.items())
    else:
        items = list(enumerate(document))[:2] if isinstance(document, list) else []
    for key, value in items:
        for path, holed in [("", HOLE), *with_hole(value)]:
            copy = document.copy()
            copy[key] = holed
            yield f".{key}{path}", copy


def run(sql: str, values: tuple[Any, ...], connection: Any) -> None:
    """Run the statement."""
    connection.execute(sql, values)


def hostile_values(field: Any) -> dict[str, Any]:
    """The values that SQLite stores in the field's column: any, but whole numbers alone in a rowid."""
    if isinstance(field, models.AutoField):
        return {name: value for name, value in VALUES.items() if isinstance(value, int)}
    values = JSON_VALUES if isinstance(field, models.JSONField) else VALUES
    of_kind = next((values for kind, values in OF_KINDS if isinstance(field, kind)), {})
    return values | of_kind | ({"NULL": None} if field.null else {})


def statement(text: str) -> Damage:
    """The damage that one statement does."""
    return lambda connection: connection.execute(text)


def hostile(table: str, column: str, value: Any, last: bool) -> Damage:
    """Give the rows of the column this value, as far as a unique key allows it; the last one alone if asked."""
    limit = f" WHERE rowid = (SELECT MAX(rowid) FROM {table})" if last else ""

    def inflict(connection: Any) -> None:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        written, values = (value, ()) if isinstance(value, Expression) else ("?", (value,))
        connection.execute(f"UPDATE OR IGNORE {table} SET {column} = {written}{limit}", values)

    return inflict


def sampled(damages: dict[str, Damage], number: int) -> list[str]:
    """So many of their names, the same in each run; every one if EVERY_DAMAGE is set, which takes an hour."""
    if "EVERY_DAMAGE" in os.environ:
        return sorted(damages)
    return random.Random(SEED).sample(sorted(damages), min(number, len(damages)))


def inflict_on_file(path: Path, damage: Damage) -> None:
    """Damage the file, which no connection has open."""
    file = sqlite3.connect(path)
    with file:
        damage(file)
    file.close()
