"""
Secrets inside a text: by their shape, and by the name before them, as in `"api_key": "..."` or `?token=...`.

A text is not parsed, because what is no secret stays byte for byte: in JSON, in JSON in JSON, in a Python repr, in a
command line, or cut off in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.scrubbing import shapes
from telemetry.scrubbing.names import HARMLESS_HEADER, is_secret
from telemetry.scrubbing.places import STAND_IN, has_quoted_name, named
from telemetry.scrubbing.shapes import Place
from telemetry.scrubbing.suspicion import is_suspect

MARK = "[redacted]"


def redacted(text: str) -> tuple[str, int]:
    """The text with MARK for each secret in it, and how many those were."""
    places = list(shapes.found(text))
    if is_suspect(text.encode()):
        places += named(text, is_secret)
    return replaced(text, places)


def redacted_headers(text: str) -> tuple[str, int]:
    """All headers of a request as one text: only the harmless ones stay."""
    if not has_quoted_name(text):
        return (text, 0) if STAND_IN.fullmatch(text) or text in {"", "{}", "[]", MARK} else (MARK, 1)
    return replaced(text, [*shapes.found(text), *named(text, is_not_harmless)])


def is_not_harmless(header: str) -> bool:
    """Whether this header may hold a secret."""
    return not HARMLESS_HEADER.fullmatch(header)


def replaced(text: str, places: Iterable[Place]) -> tuple[str, int]:
    """The text with MARK in these places, those that overlap as one; what is MARK already does not count."""
    parts: list[str] = []
    done = 0
    for start, end in merged(places):
        if text[start:end] != MARK:
            parts += [text[done:start], MARK]
            done = end
    return "".join([*parts, text[done:]]), len(parts) // 2


def merged(places: Iterable[Place]) -> list[Place]:
    """The places in order, without overlaps."""
    apart: list[Place] = []
    for start, end in sorted(places):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
