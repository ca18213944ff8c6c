"""Damages of a project's store, generated from its models: rows gone, columns with other values, bytes cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models

Damage = Callable[[sqlite3.Connection], Any]
GARBAGE: tuple[Any, ...] = (
    "\x00garbage",
    -1,
    2**62,
    b"\xff\x00\xfe",
    0.5,
    "",
)  # a row gets one of them, in turn
KEYS = ("trace_id", "span_id", "origin_id", "segment_id")


def telemetry_models() -> list[type[models.Model]]:
    """The models of a project's store."""
    return list(apps.get_app_config("telemetry").get_models())


def row_damages() -> Iterator[tuple[str, Damage]]:
    """Of each table: every row gone, and every second one."""
    for model in telemetry_models():
        table = model._meta.db_table
        yield f"{table} empty", lambda file, table=table: file.execute(f"DELETE FROM {table}")
        yield (
            f"{table} half",
            lambda file, table=table: file.execute(f"DELETE FROM {table} WHERE rowid % 2 = 0"),
        )
        yield f"{table} first", lambda file, table=table: file.execute(f"DELETE FROM {table} WHERE rowid = 1")


def byte_damages() -> Iterator[tuple[str, Damage]]:
    """Of each column of bytes: cut, emptied, and other bytes."""
    for model in telemetry_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.BinaryField) and not field.primary_key and field.attname not in KEYS:
                table, column = model._meta.db_table, field.attname
                for how, value in (
                    ("cut", f"substr({column}, 1, length({column}) / 2)"),
                    ("gone", "x''"),
                    ("others", "x'ff00fe0a'"),
                ):
                    yield (
                        f"{table}.{column} {how}",
                        lambda file, table=table, column=column, value=value: file.execute(
                            f"UPDATE {table} SET {column} = {value}"
                        ),
                    )


def value_damages() -> Iterator[tuple[str, Damage]]:
    """Of each column: values of other types and sizes, one after the other in its rows; NULL where it may be."""
    for model in telemetry_models():
        for field in model._meta.concrete_fields:
            table, column = model._meta.db_table, field.attname
            if isinstance(field, models.CompositePrimaryKey):
                continue
            yield f"{table}.{column}", lambda file, table=table, column=column: garble(file, table, column)
            if field.null:
                yield (
                    f"{table}.{column} null",
                    lambda file, table=table, column=column: file.execute(
                        f"UPDATE {table} SET {column} = NULL"
                    ),
                )


def garble(file: sqlite3.Connection, table: str, column: str) -> None:
    """Give each row of the column one of GARBAGE, as far as a unique key allows it."""
    for (row,) in file.execute(f"SELECT rowid FROM {table}").fetchall():
        file.execute(
            f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?", (GARBAGE[row % len(GARBAGE)], row)
        )


def inflict(path: Path, damage: Damage) -> None:
    """Damage the file, which no connection has open."""
    file = sqlite3.connect(path)
    with file:
        damage(file)
    file.close()
