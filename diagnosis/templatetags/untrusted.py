"""Text by strangers on the admin's pages: nothing in it is hidden from who reads it. Templates escape it as always."""

from __future__ import annotations

from typing import Any

from django import template

from diagnosis import readable

register = template.Library()


@register.filter
def visible(said: Any) -> str:
    """The text, cut where nobody reads on, with signs that hide or reorder text shown by their number."""
    return "" if said is None else readable.text(said)
