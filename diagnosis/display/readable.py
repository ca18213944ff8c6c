"""
JSON from telemetry as rows of names and texts, for pages that people read. Plain text in, plain text out.

Nothing here marks text as safe: templates escape it, and no link is made of it. Characters that reorder or hide text
are shown by their number (hidden_characters.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from diagnosis.display.hidden_characters import show_hidden

ROW_LIMIT = 200
NAME_LIMIT, TEXT_LIMIT = 200, 4000


def rows(value: Any) -> list[tuple[str, str]]:
    """Nested JSON as dotted names and texts, in its order; the last row says so if there was more."""
    flat = list(islice(flatten(value), ROW_LIMIT + 1))
    more = [("…", f"Only the first {ROW_LIMIT} values are shown.")]
    return flat if len(flat) <= ROW_LIMIT else flat[:ROW_LIMIT] + more


def flatten(value: Any) -> Iterator[tuple[str, str]]:
    """Each value that is there, with the way to it."""
    return ((text(name, NAME_LIMIT), text(inner)) for name, inner in leaves(value))


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The same as it was sent."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{name}[{number}]")
    elif value not in (None, "", [], {}):
        yield name, value


def text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """One value as text, cut where nobody reads on."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    said = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    whole = show_hidden(said[:limit])
    return whole if len(said) <= limit else f"{whole}… (cut: {len(said)} characters in all)"
