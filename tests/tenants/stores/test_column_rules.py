"""What columns may hold: SQL that agrees with what reads them, in SQLite, and with Python's ranges in PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from diagnosis.models import Loop
from telemetry.windows import moment, unix_nano
from tenants.stores import column_rules, soundness
from tenants.stores.column_rules import SQLITE_RULES, TIME_FUNCTION, value_range, wrong_value
from tenants.stores.stored_times import is_time_between, stored_datetime
from tests.security.stores.damages import FLOATS, NUMBERS, TIMES

EVERY_FIELD = [
    field
    for model in apps.get_models(include_auto_created=True)
    for field in model._meta.concrete_fields
    if not isinstance(field, models.CompositePrimaryKey)
]
SOUND_TIMES = [
    "1970-01-01 00:00:00",
    "2026-11-30 12:00:00.123456",
    "2262-04-11 23:47:16",
    "2026-02-28 00:00:00",
]


def is_wrong(field: str, value: Any) -> bool:
    """Whether a loop whose column holds this value counts as damaged."""
    column = Loop._meta.get_field(field)
    with closing(sqlite3.connect(":memory:")) as database:
        database.create_function(TIME_FUNCTION, 3, is_time_between)
        database.execute(f'CREATE TABLE loops ("{column.column}")')
        database.execute("INSERT INTO loops VALUES (?)", (value,))
        return bool(database.execute(f"SELECT {wrong_value(column)} FROM loops").fetchone()[0])


def test_every_kind_of_column_has_a_rule_of_its_own() -> None:
    held = [field.target_field if field.is_relation else field for field in EVERY_FIELD]

    assert len(held) > 300
    assert [field for field in held if not any(isinstance(field, kind) for kind, _ in SQLITE_RULES)] == []


@pytest.mark.parametrize("text", SOUND_TIMES)
def test_a_time_that_telemetry_can_have_is_sound(text: str) -> None:
    assert not is_wrong("created_at", text)


@pytest.mark.parametrize("text", TIMES.values())
def test_a_time_that_python_does_not_read_or_compute_with_is_wrong(text: str) -> None:
    assert is_wrong("created_at", text)


@pytest.mark.parametrize("text", [*TIMES.values(), *SOUND_TIMES])
def test_every_time_that_is_sound_is_read_and_computed_with(text: str) -> None:
    if not is_wrong("created_at", text):
        assert moment(unix_nano(stored_datetime(text.encode() + b"+00:00"))).year >= 1970


@pytest.mark.parametrize("value", [*NUMBERS.values(), -1])
def test_a_number_that_no_sum_can_have_is_wrong(value: int) -> None:
    assert is_wrong("failures_seen", value)


@pytest.mark.parametrize("value", [*FLOATS.values(), float("inf"), float("-inf"), "NaN"])
def test_a_float_whose_sums_may_be_infinite_is_wrong(value: Any) -> None:
    assert is_wrong("urgency", value) is (value != 2**63 - 1)


def test_the_range_of_each_column_of_postgresql_has_the_rows_of_this_version() -> None:
    assert {value_range(field) for field in EVERY_FIELD if isinstance(field, models.DateTimeField)} == {
        column_rules.RANGES["DateTimeField"],
        (-62_135_596_800, 253_402_300_799),
    }
    assert "rowid" not in wrong_value(Loop._meta.get_field("state"), "postgresql")


def test_a_document_is_named_with_its_row() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE diagnosis_loop (issue, baseline, quiet_since)")
        database.execute("INSERT INTO diagnosis_loop VALUES ('{}', NULL, NULL)")

        assert soundness.formless_document(database, Loop) == "diagnosis_loop.issue (rowid 1)"
