"""
One search for all kinds: their anchors, and the patterns to try where one of them was found.

Of anchors that begin with another anchor only the shorter one is searched for, and the patterns of all are tried there.
"""

from __future__ import annotations

import re

from telemetry.scrubbing.kinds.kind import SecretKind
from telemetry.scrubbing.kinds.pattern import AnchorPattern, pattern_of
from telemetry.scrubbing.kinds.table import KINDS
from telemetry.scrubbing.randomness import looks_random

Place = tuple[int, int]  # start and end of a secret


def shortest_anchors(kinds: tuple[SecretKind, ...]) -> list[str]:
    """The anchors that begin with no other anchor, longest first."""
    anchors = {anchor for kind in kinds for anchor in kind.anchors}
    ends = {anchor for anchor in anchors if not any(anchor[:end] in anchors for end in range(1, len(anchor)))}
    return sorted(ends, key=lambda anchor: (-len(anchor), anchor))


def patterns_behind(anchor: str, kinds: tuple[SecretKind, ...]) -> tuple[AnchorPattern, ...]:
    """The patterns of all anchors that begin with this one, without repetition."""
    found = (pattern_of(kind, other) for kind in kinds for other in kind.anchors if other.startswith(anchor))
    return tuple(dict.fromkeys(found))


def any_of(patterns: tuple[AnchorPattern, ...]) -> str:
    """The expression that finds what one of the patterns finds. What stands before an anchor is compared once."""
    groups: dict[str, list[str]] = {}
    for pattern in patterns:
        groups.setdefault(pattern.before, []).append(pattern.behind)
    return "|".join(f"{before}(?:{'|'.join(dict.fromkeys(group))})" for before, group in groups.items())


ANCHORS = shortest_anchors(KINDS)
PATTERNS = [patterns_behind(anchor, KINDS) for anchor in ANCHORS]
# What one of an anchor's patterns finds, in one search.
ANY_PATTERN = [re.compile(any_of(patterns), re.ASCII) for patterns in PATTERNS]


def secret_at(text: str, number: int, start: int) -> tuple[Place | None, int]:
    """The longest secret whose anchor, ANCHORS[number], starts here, or None; and how far one was read."""
    place, end = None, 0
    for pattern in PATTERNS[number]:
        match = pattern.in_text.match(text, start)
        if match is None:
            continue
        end = max(end, match.end())
        length = head_before(text, pattern, start) if pattern.head else 0
        if length is not None and not (pattern.is_checked and is_of_words(match[0], ANCHORS[number])):
            found = start - length, match.end()
            place = max(place or found, found, key=length_of)
    return place, end


def length_of(place: Place) -> int:
    """How many characters it has."""
    return place[1] - place[0]


def is_of_words(found: str, anchor: str) -> bool:
    """Whether what stands behind the anchor was not drawn at random: it is a name that only begins like a secret."""
    return not looks_random(found[len(anchor) :])


def head_before(text: str, pattern: AnchorPattern, start: int) -> int | None:
    """How many characters before the anchor belong to the secret, or None if it is none."""
    before = text[max(0, start - pattern.head_length - 1) : start][::-1]
    match = pattern.head.match(before) if pattern.head else None
    if match is None:
        return None
    is_escape = before[match.end() : match.end() + 1] == "\\"  # the first letter is that of `\n`
    return match.end() - is_escape


# Whether what begins at an anchor in serialized spans may be a secret: one expression for all patterns of the anchor.
ON_WIRE = [re.compile(b"|".join(sorted({pattern.on_wire for pattern in patterns}))) for patterns in PATTERNS]
