"""
Secrets inside a text: by their shape, and by the name before them, as in `"api_key": "..."` or `?token=...`.

A text is not parsed, so that everything but the secret stays byte for byte: in JSON, in JSON inside JSON, in a Python
repr, in a command line, or in a text that was cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain, islice

from telemetry.scrubbing import shapes
from telemetry.scrubbing.areas import Area, everywhere, most_secrets
from telemetry.scrubbing.failures import whole_if_it_fails
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.headers import has_quoted_name
from telemetry.scrubbing.named.places import header_secrets
from telemetry.scrubbing.named.stand_ins import MARK, STAND_IN
from telemetry.scrubbing.readings import secrets_in
from telemetry.scrubbing.suspicion import is_suspect
from telemetry.scrubbing.work import SECRET, Spent, Work

MOST_PASSES = 4
NEAR = 512  # characters before and behind a mark, in which another secret may have been hidden
SHORTEST = 5  # characters of a text with a secret: `pwd=x`
SHORTEST_WORD = 20  # characters of a secret that is a whole text and has no sign in it
HALF = re.compile("[\ud800-\udfff]")  # of a character, alone: no text that is stored can have one


def redacted(text: str) -> tuple[str, int]:
    """The text with MARK in place of each secret, and how many there were; of a text that belongs to no request."""
    readable = text if text.isascii() else HALF.sub("\ufffd", text)
    return redacted_or_whole(readable, Work(len(text)))


def redacted_or_whole(text: str, work: Work) -> tuple[str, int]:
    """The text without secrets, and how many there were; MARK alone for a suspect one, once the work is spent."""
    if work.left >= 0:
        try:
            return redacted_within(text, work)
        except Spent:
            return MARK, 1
    return (MARK, 1) if text != MARK and is_suspect(text.encode()) else (text, 0)


@whole_if_it_fails
def redacted_within(text: str, work: Work) -> tuple[str, int]:
    """
    The text with MARK in place of each secret, and how many there were. Raises Spent.

    One secret can hide the name of another from the patterns, so that the surroundings of secrets are read again
    without them; where secrets still appear at the end, MARK alone.
    """
    if len(text) < SHORTEST or (len(text) < SHORTEST_WORD and text.isalnum()):
        return text, 0
    total, area = 0, everywhere(text)
    for _ in range(MOST_PASSES):
        if not any(is_suspect(text[start:end].encode()) for start, end in area):
            return text, total
        text, marks = redacted_once(text, secrets_in(text, area, work), work)
        total += len(marks)
        if not marks or text == MARK:
            return text, total
        area = surroundings(text, marks)
    return MARK, total


def redacted_once(text: str, places: Iterable[Place], work: Work) -> tuple[str, list[int]]:
    """The text with MARK in these places, and where; MARK alone for a text of hardly anything but secrets."""
    most = most_secrets(text)
    found = list(islice(places, most + 1))
    work.take(SECRET * len(found))
    return replaced(text, found) if len(found) <= most else (MARK, [0])


def surroundings(text: str, marks: list[int]) -> Area:
    """The area near the marks, where the text is not as it was read."""
    return merged_places((max(0, mark - NEAR), min(len(text) + 1, mark + len(MARK) + NEAR)) for mark in marks)


@whole_if_it_fails
def redacted_headers(text: str, work: Work) -> tuple[str, int]:
    """A text of all headers of a request with MARK in place of all but the harmless ones, and how many there were."""
    if not has_quoted_name(text):
        return (text, 0) if STAND_IN.fullmatch(text) or text in {"", "{}", "[]", MARK} else (MARK, 1)
    area = everywhere(text)
    work.read(area)
    places = chain(shapes.found(text, area, work), header_secrets(text, work))
    text, marks = redacted_once(text, places, work)
    return text, len(marks)


def replaced(text: str, places: Iterable[Place]) -> tuple[str, list[int]]:
    """
    The text with MARK in these places, overlapping ones as one, and where the marks are.

    A place that holds MARK already is not counted.
    """
    parts: list[str] = []
    marks: list[int] = []
    last_end = shift = 0
    for start, end in merged_places(places):
        if text[start:end] != MARK:
            parts += [text[last_end:start], MARK]
            marks.append(start + shift)
            shift += len(MARK) - (end - start)
            last_end = end
    return "".join([*parts, text[last_end:]]), marks


def merged_places(places: Iterable[Place]) -> list[Place]:
    """The places in order, overlapping ones joined."""
    disjoint: list[Place] = []
    for start, end in sorted(places):
        if disjoint and start < disjoint[-1][1]:
            disjoint[-1] = (disjoint[-1][0], max(end, disjoint[-1][1]))
        else:
            disjoint.append((start, end))
    return disjoint
