"""
What the columns of a model may hold: SQL that is true for a wrong value in SQLite, and the form of JSON documents.

SQLite keeps any value in any column, and a file that was repaired by hand or by `.recover` can hold such values.
https://www.sqlite.org/datatype3.html#type_affinity

A model narrows its columns down by name: by `ranges`, the lowest and the highest whole number, by `text_forms`, a
pattern of GLOB, and by `json_forms`, what a document has at least: a dict is an object with these fields, which may be
lacking where their name ends with `?`; a list of one form an array of such, of several or none an array of exactly
these; a tuple any of its forms; a type any value of it; a function any value for which it is true. Rows of earlier
versions must fit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

Field = Any  # a field of a model, with the attributes of its class
LARGEST = 2**63 - 1
RANGES = {
    "PositiveSmallIntegerField": (0, 2**15 - 1),
    "SmallIntegerField": (-(2**15), 2**15 - 1),
    "PositiveIntegerField": (0, 2**31 - 1),
    "IntegerField": (-(2**31), 2**31 - 1),
    "PositiveBigIntegerField": (0, LARGEST),
}
TEXT = "typeof({column}) = 'text'"
RULES: list[tuple[type[Any], str]] = [  # the first class that the field is of
    (models.BooleanField, "typeof({column}) = 'integer' AND {column} IN (0, 1)"),
    (models.IntegerField, "typeof({column}) = 'integer' AND {column} BETWEEN {low} AND {high}"),
    (models.FloatField, "typeof({column}) IN ('real', 'integer') AND ABS({column}) <= 1.79e308"),
    (models.DateTimeField, f"{TEXT} AND julianday({{column}}) AND {{column}} >= '0001'"),
    (models.UUIDField, f"{TEXT} AND LENGTH({{column}}) = 32 AND {{column}} NOT GLOB '*[^0-9a-f]*'"),
    (models.BinaryField, "typeof({column}) = 'blob'"),
    (models.Field, TEXT),
]


def wrong_value(field: Field) -> str:
    """SQL that is 1 for a row with a value in the field's column that it cannot have, and 0 for any other."""
    column = f'"{field.column}"'
    held = field.target_field if field.is_relation else field
    low, high = value_range(held)
    rule = next(rule for kind, rule in RULES if isinstance(held, kind)).format(
        column=column, low=low, high=high
    )
    if field.flatchoices:
        rule += f" AND {column} IN ({', '.join(quoted(value) for value, _ in choices(field))})"
    if form := getattr(field.model, "text_forms", {}).get(field.name):
        rule += f" AND {column} GLOB {quoted(form)}"
    if field.is_relation:
        table, target = field.model._meta.db_table, field.target_field
        others = f'"{target.model._meta.db_table}" AS target WHERE target."{target.column}"'
        rule += f' AND EXISTS (SELECT 1 FROM {others} = "{table}".{column})'  # noqa: S608  (names of the schema)
    return f"CASE WHEN {column} IS NULL THEN {int(not field.null)} ELSE NOT COALESCE({rule}, 0) END"


def value_range(field: Field) -> tuple[int, int]:
    """The lowest and the highest whole number of the field."""
    ranges: dict[str, tuple[int, int]] = getattr(field.model, "ranges", {})
    return ranges.get(field.name) or RANGES.get(field.get_internal_type(), (-LARGEST - 1, LARGEST))


def choices(field: Field) -> list[tuple[Any, Any]]:
    """The values that the field offers, and none where it may be blank."""
    return [*field.flatchoices, *([("", "")] if field.blank else [])]


def quoted(value: Any) -> str:
    """The value as SQL writes it."""
    return str(int(value)) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def json_form(field: Field) -> Any:
    """What a document of the field has at least: see above."""
    return getattr(field.model, "json_forms", {}).get(field.name, object)


def has_form(value: Any, form: Any) -> bool:
    """Whether the document has that form."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(
            has_form(value[field], part) if (field := name.rstrip("?")) in value else name.endswith("?")
            for name, part in form.items()
        )
    if isinstance(form, list):
        parts = form * len(value) if isinstance(value, list) and len(form) == 1 else form
        return isinstance(value, list) and len(value) == len(parts) and all(map(has_form, value, parts))
    if isinstance(form, tuple):
        return any(has_form(value, part) for part in form)
    return isinstance(value, form) if isinstance(form, type) else bool(form(value))


def is_natural(value: Any) -> bool:
    """Whether the value is a whole number from 0."""
    return type(value) is int and value >= 0


def is_time(value: Any) -> bool:
    """Whether the value is a text of a moment with its zone, as RFC 3339 writes it."""
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
