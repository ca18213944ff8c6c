"""
Secrets inside a text: by their shape, and by the name before them, as in `"api_key": "..."` or `?token=...`.

A text is not parsed, so that everything but the secret stays byte for byte: in JSON, in JSON inside JSON, in a Python
repr, in a command line, or in a text that was cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

from telemetry.scrubbing import shapes
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.places import named_secrets
from telemetry.scrubbing.named.quoted import has_quoted_name
from telemetry.scrubbing.named.stand_ins import STAND_IN
from telemetry.scrubbing.names import SAFE_HEADER, is_secret
from telemetry.scrubbing.suspicion import is_suspect

MARK = "[redacted]"
MOST_PASSES = 8
MOST_SECRETS = 100  # in a short text
FEWEST_BETWEEN = 96  # characters for each further one in a longer text
SHORTEST = 5  # characters of a text with a secret: `pwd=x`
SHORTEST_WORD = 20  # characters of a secret that is a whole text and has no sign in it


def redacted(text: str) -> tuple[str, int]:
    """
    The text with MARK in place of each secret, and how many there were.

    One secret can hide the name of another from the patterns, so that a text with secrets is read again without them.
    """
    total = 0
    if len(text) < SHORTEST or (len(text) < SHORTEST_WORD and text.isalnum()):
        return text, total
    for _ in range(MOST_PASSES):
        if not is_suspect(text.encode()):
            break
        text, number = redacted_once(text, chain(shapes.found(text), named_secrets(text, is_secret)))
        total += number
        if not number:
            break
    return text, total


def redacted_once(text: str, places: Iterable[Place]) -> tuple[str, int]:
    """
    The text with MARK in these places, and how many there were; MARK alone for a text of hardly anything but secrets.

    Nobody wrote such a text, and to find each of its secrets would take many times as long as to read another.
    """
    most = MOST_SECRETS + len(text) // FEWEST_BETWEEN
    found = list(islice(places, most + 1))
    return replaced(text, found) if len(found) <= most else (MARK, 1)


def redacted_headers(text: str) -> tuple[str, int]:
    """A text of all headers of a request with MARK in place of all but the harmless ones, and how many there were."""
    if not has_quoted_name(text):
        return (text, 0) if STAND_IN.fullmatch(text) or text in {"", "{}", "[]", MARK} else (MARK, 1)
    return redacted_once(text, chain(shapes.found(text), named_secrets(text, may_hold_secret)))


def may_hold_secret(header: str) -> bool:
    """Whether this header may hold a secret."""
    return not SAFE_HEADER.fullmatch(header)


def replaced(text: str, places: Iterable[Place]) -> tuple[str, int]:
    """
    The text with MARK in these places, overlapping ones as one, and how many there were.

    A place that holds MARK already is not counted.
    """
    parts: list[str] = []
    last_end = 0
    for start, end in merged_places(places):
        if text[start:end] != MARK:
            parts += [text[last_end:start], MARK]
            last_end = end
    return "".join([*parts, text[last_end:]]), len(parts) // 2


def merged_places(places: Iterable[Place]) -> list[Place]:
    """The places in order, overlapping ones joined."""
    disjoint: list[Place] = []
    for start, end in sorted(places):
        if disjoint and start < disjoint[-1][1]:
            disjoint[-1] = (disjoint[-1][0], max(end, disjoint[-1][1]))
        else:
            disjoint.append((start, end))
    return disjoint
