"""
JSON from telemetry as rows of names and texts, for pages.

The texts are plain: nothing is marked as safe, so that templates escape them, and nothing becomes a link. Hidden
characters are shown by their numbers (hidden_characters.py). Sentences of LoopKit that are HTML already
(filled_sentences.py) stay as they are; no JSON holds one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from django.utils.safestring import SafeString

from diagnosis.display.hidden_characters import show_hidden

ROW_LIMIT = 200
NAME_LIMIT, TEXT_LIMIT = 200, 4000  # characters
PAGE = 100_000  # characters of a page of whole values
Rows = list[tuple[str, str]]


def rows(value: Any) -> Rows:
    """Nested JSON as dotted names and texts, in its order; if it is longer than ROW_LIMIT, the last row says so."""
    flat = list(islice(flatten(value), ROW_LIMIT + 1))
    more = [("…", f"Only the first {ROW_LIMIT} values are shown.")]
    return flat if len(flat) <= ROW_LIMIT else flat[:ROW_LIMIT] + more


def flatten(value: Any) -> Iterator[tuple[str, str]]:
    """The dotted name and the text of each value that is not empty."""
    return (
        (
            readable_text(name, NAME_LIMIT),
            inner if isinstance(inner, SafeString) else readable_text(inner),
        )
        for name, inner in leaves(value)
    )


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted name and the raw value of each value that is not empty; a list of plain values is one value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            path = f"{name}.{key}" if name else str(key)
            if type(inner) is str:  # most are, and a generator for each takes as long as all else
                if inner:
                    yield path, inner
            else:
                yield from leaves(inner, path)
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{name}[{number}]")
    elif value not in (None, "", [], {}):
        yield name, value


def readable_text(value: Any, limit: int = TEXT_LIMIT) -> str:
    """One value as text, cut after `limit` characters."""
    raw = plain_text(value)
    shown = show_hidden(raw[:limit])
    return shown if len(raw) <= limit else f"{shown}… (cut: {len(raw):,} characters in total)"


def plain_text(value: Any) -> str:
    """One value as text, whole and with its hidden characters."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def characters(value: Any) -> int:
    """The number of characters of all names and values."""
    return sum(len(name) + len(plain_text(inner)) for name, inner in leaves(value))


def characters_left_out(value: Any) -> int:
    """The number of characters that `rows` leaves out: of long names and values, and of values after ROW_LIMIT."""
    return remaining_rows(value, ())[1]


def remaining_rows(value: Any, shown: Collection[tuple[str, str]]) -> tuple[Rows, int]:
    """The rows of the values, ROW_LIMIT at most, that are not among those shown, and the characters in no row."""
    remaining, left_out = Rows(), 0
    for name, inner in leaves(value):
        text = plain_text(inner)
        row = readable_text(name, NAME_LIMIT), readable_text(text)
        is_shown = row in shown
        if not is_shown and len(remaining) == ROW_LIMIT:
            left_out += len(name) + len(text)
            continue
        left_out += max(0, len(name) - NAME_LIMIT) + max(0, len(text) - TEXT_LIMIT)
        if not is_shown:
            remaining.append(row)
    return remaining, left_out


def whole_page(value: Any, wanted: int) -> tuple[Rows, int]:
    """The rows of one page of nested JSON of which nothing is cut, and the number of pages; the first page is 1."""
    shown, page, size = Rows(), 1, 0
    for name, text in in_pieces(value):
        if size and size + len(name) + len(text) > PAGE:
            page, size = page + 1, 0
        size += len(name) + len(text)
        if page == wanted:
            shown.append((show_hidden(name), text if isinstance(text, SafeString) else show_hidden(text)))
    return shown, page


def in_pieces(value: Any) -> Iterator[tuple[str, str]]:
    """The dotted name and the text of each value that is not empty; long ones in several rows, which say so."""
    for name, inner in leaves(value):
        short = name if len(name) <= NAME_LIMIT else f"{name[:NAME_LIMIT]}…"
        if short != name:
            yield from pieces(f"the whole name of {short}", name)
        yield from pieces(short, plain_text(inner))


def pieces(name: str, text: str) -> Iterator[tuple[str, str]]:
    """The text in parts of TEXT_LIMIT characters at most, each under the name and its place in the text."""
    if len(text) <= TEXT_LIMIT or isinstance(text, SafeString):
        yield name, text
        return
    for start in range(0, len(text), TEXT_LIMIT):
        end = min(start + TEXT_LIMIT, len(text))
        yield f"{name} ({start + 1:,} to {end:,} of {len(text):,} characters)", text[start:end]
