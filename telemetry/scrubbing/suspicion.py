"""
A search of serialized spans for the beginnings and the names of secrets, so that most spans are examined no further.

It may suspect too much but never too little: tests send every name and every shape through it. One pass of a
deterministic automaton searches for all pieces at once, at the same speed however many they are and whatever is sent:
https://docs.rs/aho-corasick/latest/aho_corasick/enum.AhoCorasickKind.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from ahocorasick_rs import BytesAhoCorasick, Implementation
from django.conf import settings

from telemetry.scrubbing.kinds.search import ANCHORS, ON_WIRE
from telemetry.scrubbing.named.pieces import name_pieces
from telemetry.scrubbing.names import split_words
from telemetry.scrubbing.shapes import FIXED, USERINFO

Piece = bytes | memoryview
Hit = tuple[int, int, int]  # the number of a piece, and where it begins and ends
Find = Callable[[Piece], list[Hit]]
# Bytes of one search: the finder lists all matches, and a body full of them must not fill the memory.
PIECE_BYTES = 64 * 1024
OVERLAP = 1024  # bytes, for a secret across the border of two pieces
MOST_HITS = 256  # that are looked at one by one; a piece with more is suspect
USERINFO_BYTES = re.compile(USERINFO.pattern.encode())
# A URL inside a URL, with a user: https%3A%2F%2Fuser%3A...%40
ENCODED_USERINFO = re.compile(rb"%3[Aa]%2[Ff]%2[Ff][\w.~%+-]{1,256}?%40")
ENCODED = ("%3A%2F%2F", "%3a%2f%2f")
CHECKED = [*ON_WIRE, ENCODED_USERINFO, ENCODED_USERINFO]  # what must match at a piece, for the first ones
KNOWN = len(CHECKED)
PIECES = name_pieces()


def is_suspect(wire: bytes) -> bool:
    """Whether these bytes of a protobuf message, or of a text, may hold a secret."""
    has_user = b"@" in wire
    if len(wire) <= PIECE_BYTES:
        return holds(wire, has_user)
    view, starts = memoryview(wire), range(0, len(wire), PIECE_BYTES)
    return any(holds(view[start : start + PIECE_BYTES + OVERLAP], has_user) for start in starts)


def holds(piece: Piece, has_user: bool) -> bool:
    """Whether a piece that is short enough for one search may hold a secret; without an @, no URL has a user."""
    added_names = settings.LOOPKIT_SCRUB_KEYS
    hits = (finder(tuple(added_names)) if added_names else FIND)(piece)
    if len(hits) > MOST_HITS:
        return True
    for number, start, _ in hits:  # of a name, or of the beginning of a secret
        if number >= KNOWN or CHECKED[number].match(piece, start):
            return True
    return has_user and USERINFO_BYTES.search(piece) is not None


@cache
def finder(added_names: tuple[str, ...]) -> Find:
    """The search for all pieces, also those of the names that the operator added; overlapping ones are all found."""
    longest_words = [max(split_words(name), key=len) for name in added_names if split_words(name)]
    spellings = {spelling for word in longest_words for spelling in (word, word.title(), word.upper())}
    known = [piece.encode() for piece in (*ANCHORS, *ENCODED, *FIXED)]
    added = [spelling.encode() for spelling in sorted(spellings)]
    automaton = BytesAhoCorasick([*known, *PIECES, *added], implementation=Implementation.DFA)
    return partial(automaton.find_matches_as_indexes, overlapping=True)


FIND = finder(())
