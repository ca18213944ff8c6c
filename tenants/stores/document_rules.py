"""
What the JSON documents in the columns of a model hold at least, by the model's `json_forms`.

A dict is an object with these fields, which may be lacking where their name ends with `?`; a list of one form an array
of such, of several or none an array of exactly these; a tuple any of its forms; a type any value of it; a function any
value for which it is true. Rows of earlier versions must fit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tenants.stores.column_rules import EXACT, Field
from tenants.stores.stored_times import LATEST_SECOND, is_between


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
    """Whether the value is a whole number from 0, of which some can be added up."""
    return type(value) is int and 0 <= value <= EXACT


def is_time(value: Any) -> bool:
    """Whether the value is a text of a moment with its zone, as RFC 3339 writes it, that telemetry can have."""
    try:
        moment = datetime.fromisoformat(value)
        return moment.tzinfo is not None and is_between(moment, 0, LATEST_SECOND)
    except (TypeError, ValueError):
        return False
