"""
What the columns of a model may hold: SQL that is 1 for a wrong value. What documents hold: document_rules.py.

SQLite keeps any value in any column, and a file that was repaired by hand or by `.recover` can hold such values.
https://www.sqlite.org/datatype3.html#type_affinity
PostgreSQL refuses values of another type, but keeps NaN, infinities, times before and after Python's, and rows whose
references or choices are gone.
https://www.postgresql.org/docs/15/datatype-datetime.html

A model narrows its columns down by name: by `ranges`, the lowest and the highest number, of a time in seconds of Unix
time; and by `text_forms`, a pattern of GLOB with neither `*` nor `?`. Rows of earlier versions must fit.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from tenants.stores.stored_times import LATEST_SECOND

Field = Any  # a field of a model, with the attributes of its class
EXACT = (
    2**53
)  # the largest whole number that JSON's readers keep: https://www.rfc-editor.org/rfc/rfc8259#section-6
LARGEST = 2**63 - 1
RANGES: dict[str, tuple[int, int]] = {
    "PositiveSmallIntegerField": (0, 2**15 - 1),
    "SmallIntegerField": (-(2**15), 2**15 - 1),
    "PositiveIntegerField": (0, 2**31 - 1),
    "IntegerField": (-(2**31), 2**31 - 1),
    "PositiveBigIntegerField": (0, EXACT),
    "FloatField": (-(10**21), 10**21),  # no sum or product of some of them is infinite
    "DateTimeField": (0, LATEST_SECOND),
}
TEXT = "typeof({column}) = 'text'"
BETWEEN = "{column} BETWEEN {low} AND {high}"
TIME_FUNCTION = (
    "is_time_between"  # stored_times.is_time_between in SQL, which connections to SQLite are given
)
Rules = list[tuple[type[Any], str]]  # of the first class that the field is of
SQLITE_RULES: Rules = [
    (models.BooleanField, "typeof({column}) = 'integer' AND {column} IN (0, 1)"),
    (models.IntegerField, f"typeof({{column}}) = 'integer' AND {BETWEEN}"),
    (models.FloatField, f"typeof({{column}}) IN ('real', 'integer') AND {BETWEEN}"),
    # By what reads it: SQLite's own functions take texts for times that are none to Python.
    (models.DateTimeField, f"{TEXT} AND {TIME_FUNCTION}(CAST({{column}} AS BLOB), {{low}}, {{high}})"),
    (models.UUIDField, f"{TEXT} AND LENGTH({{column}}) = 32 AND {{column}} NOT GLOB '*[^0-9a-f]*'"),
    (models.BinaryField, "typeof({column}) = 'blob'"),
    (models.CharField, TEXT),
    (models.TextField, TEXT),
    (models.JSONField, TEXT),
]
POSTGRESQL_RULES: Rules = [
    (models.IntegerField, BETWEEN),
    (models.FloatField, BETWEEN),
    (models.DateTimeField, "EXTRACT(EPOCH FROM {column}) BETWEEN {low} AND {high}"),
    (models.Field, "TRUE"),
]


def wrong_value(field: Field, vendor: str = "sqlite") -> str:
    """SQL that is 1 for a row with a value in the field's column that it cannot have, and 0 for any other."""
    column, is_sqlite = f'"{field.column}"', vendor == "sqlite"
    held = field.target_field if field.is_relation else field
    low, high = value_range(held)
    rules = SQLITE_RULES if is_sqlite else POSTGRESQL_RULES
    rule = next(rule for kind, rule in rules if isinstance(held, kind)).format(
        column=column, low=low, high=high
    )
    if field.flatchoices:
        rule += f" AND {column} IN ({', '.join(quoted(value) for value, _ in choices(field))})"
    if form := getattr(field.model, "text_forms", {}).get(field.name):
        rule += (
            f" AND {column} GLOB {quoted(form)}" if is_sqlite else f" AND {column} ~ {quoted(f'^{form}$')}"
        )
    if field.is_relation:
        table, target = field.model._meta.db_table, field.target_field
        others = f'"{target.model._meta.db_table}" AS target WHERE target."{target.column}"'
        rule += f' AND EXISTS (SELECT 1 FROM {others} = "{table}".{column})'  # noqa: S608  (names of the schema)
    return f"CASE WHEN {column} IS NULL THEN {int(not field.null)} WHEN {rule} THEN 0 ELSE 1 END"


def value_range(field: Field) -> tuple[int, int]:
    """The lowest and the highest number of the field."""
    ranges: dict[str, tuple[int, int]] = getattr(field.model, "ranges", {})
    return ranges.get(field.name) or RANGES.get(field.get_internal_type(), (-LARGEST - 1, LARGEST))


def choices(field: Field) -> list[tuple[Any, Any]]:
    """The values that the field offers, and none where it may be blank."""
    return [*field.flatchoices, *([("", "")] if field.blank else [])]


def quoted(value: Any) -> str:
    """The value as SQL writes it."""
    return str(int(value)) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
