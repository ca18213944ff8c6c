"""
JSON from telemetry as rows of names and texts, for pages.

The texts are plain: nothing is marked as safe, so that templates escape them, and nothing becomes a link. Hidden
characters are shown by their numbers (hidden_characters.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from diagnosis.display.hidden_characters import show_hidden

ROW_LIMIT = 200
NAME_LIMIT, TEXT_LIMIT = 200, 4000  # characters


def rows(value: Any) -> list[tuple[str, str]]:
    """Nested JSON as dotted names and texts, in its order; if it is longer than ROW_LIMIT, the last row says so."""
    flat = list(islice(flatten(value), ROW_LIMIT + 1))
    more = [("…", f"Only the first {ROW_LIMIT} values are shown.")]
    return flat if len(flat) <= ROW_LIMIT else flat[:ROW_LIMIT] + more


def flatten(value: Any) -> Iterator[tuple[str, str]]:
    """The dotted name and the text of each value that is not empty."""
    return ((readable_text(name, NAME_LIMIT), readable_text(inner)) for name, inner in leaves(value))


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted name and the raw value of each value that is not empty; a list of plain values is one value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{name}[{number}]")
    elif value not in (None, "", [], {}):
        yield name, value


def readable_text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """One value as text, cut after `limit` characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    raw = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    shown = show_hidden(raw[:limit])
    return shown if len(raw) <= limit else f"{shown}… (cut: {len(raw):,} characters in total)"
