"""
Keyset pagination: a page begins after the key of the last row, so that new rows do not shift the pages.

A row's key is the values of the fields that its model is ordered by. https://use-the-index-luke.com/no-offset
REST framework's CursorPagination supports one field only and adds an offset if rows share its value; these lists are
ordered by several fields, and the cursor is a parameter that is checked and documented like every other.
https://www.django-rest-framework.org/api-guide/pagination/#cursorpagination
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import orjson
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet

from telemetry.api.parameters import ParsedField, cursor_parameter
from telemetry.reads.cursors import opaque_bytes, opaque_text

M = TypeVar("M", bound=Model)
SortKey = list[Any]


def sort_key_parameter(model: type[Model]) -> ParsedField:
    """The parameter for the cursor of the previous answer, in a list of that model."""
    return cursor_parameter(
        partial(parse_sort_key, model), "next_cursor of the answer before; send the same filters."
    )


def keyset_page(rows: QuerySet[M], query: dict[str, Any]) -> tuple[list[M], str | None]:
    """A page of the rows in their model's order, and the cursor of the next page or None."""
    results = list(rows_behind(rows, query.get("cursor"))[: query["limit"] + 1])
    shown = results[: query["limit"]]
    return shown, cursor(shown[-1]) if len(results) > len(shown) else None


def rows_behind(rows: QuerySet[M], place: SortKey | None) -> QuerySet[M]:
    """The rows that come after that key; all rows for None."""
    if place is None:
        return rows
    later, equal = Q(), Q()
    for (field, descends), value in zip(ordering_fields(rows.model), place, strict=True):
        later |= equal & Q(**{f"{field.name}__{'lt' if descends else 'gt'}": value})
        equal &= Q(**{field.name: value})
    return rows.filter(later)


def ordering_fields(model: type[Model]) -> Iterator[tuple[Field[Any, Any], bool]]:
    """The fields that the model is ordered by, each with whether the order descends."""
    for name in map(str, model._meta.ordering or ()):
        field = model._meta.get_field(name.removeprefix("-"))
        assert isinstance(field, Field)
        yield field, name.startswith("-")


def cursor(row: Model) -> str:
    """The cursor of the page that begins after the row."""
    key = [field.value_to_string(row) for field, _ in ordering_fields(type(row))]
    return opaque_text(orjson.dumps(key))


def parse_sort_key(model: type[Model], text: str) -> SortKey | None:
    """The key in a cursor of a list of that model, or None for any other text."""
    try:
        parts = orjson.loads(opaque_bytes(text))
        fields = [field for field, _ in ordering_fields(model)]
        return [value(field, part) for field, part in zip(fields, parts, strict=True)]
    except (ValueError, TypeError, OverflowError, ValidationError):
        return None


def value(field: Field[Any, Any], text: str) -> Any:
    """
    The value that the field's text stands for.

    Raises ValueError, OverflowError or ValidationError if it stands for none.
    """
    if not isinstance(text, str) or not text.isprintable():
        raise ValueError
    cleaned = field.clean(text, None)
    if isinstance(cleaned, datetime):
        if cleaned.tzinfo is None:
            raise ValueError
        return cleaned.astimezone(UTC)
    return cleaned
