"""
What the JSON documents in the columns of a model hold at least, by the model's `json_forms`.

A dict is an object with these fields, which may be lacking where their name ends with `?`; a list of one form an array
of such, of several or none an array of exactly these; a tuple any of its forms; a type any value of it; a function any
value for which it is true. A column whose documents differ by another column of the row has ByKind. Rows of earlier
versions must fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.stores.column_rules import EXACT, Field
from tenants.stores.stored_times import LATEST_SECOND, is_between

HUGE = 1e100  # so that products of some numbers are none that JSON lacks


@dataclass(frozen=True, slots=True)
class ByKind:
    """The forms of a column's documents by what another column of the row holds, and of all others the usual one."""

    column: str
    forms: Mapping[str, Any]
    usual: Any

    def of(self, kind: object) -> Any:
        """The form of a row's document."""
        return self.forms.get(kind, self.usual) if isinstance(kind, str) else self.usual


def json_form(field: Field) -> ByKind:
    """What a document of the field has at least: see above."""
    form = getattr(field.model, "json_forms", {}).get(field.name, object)
    return form if isinstance(form, ByKind) else ByKind(field.column, {}, form)


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
    """Whether the value is a whole number from 0, of which some can be added up."""
    return type(value) is int and 0 <= value <= EXACT


def is_number(value: Any) -> bool:
    """Whether the value is a number that can be computed with."""
    return type(value) in (int, float) and abs(value) <= HUGE


def is_time(value: Any) -> bool:
    """Whether the value is a text of a moment with its zone, as RFC 3339 writes it, that telemetry can have."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.tzinfo is not None and is_between(moment, 0, LATEST_SECOND)
    except (TypeError, ValueError):
        return False
