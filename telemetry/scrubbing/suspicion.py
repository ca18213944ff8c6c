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
from itertools import product

from ahocorasick_rs import BytesAhoCorasick, Implementation
from django.conf import settings

from telemetry.scrubbing.kinds.search import ANCHORS, ON_WIRE
from telemetry.scrubbing.names import FOREIGN, split_words
from telemetry.scrubbing.shapes import BEGINNINGS, USERINFO

Piece = bytes | memoryview
Hit = tuple[int, int, int]  # the number of a piece, and where it begins and ends
Find = Callable[[Piece], list[Hit]]
# Bytes of one search: the finder lists all matches, and a body full of them must not fill the memory.
PIECE_BYTES = 64 * 1024
OVERLAP = 1024  # bytes, for a secret across the border of two pieces
KNOWN = len(ANCHORS)
MOST_HITS = 256  # that are looked at one by one; a piece with more is suspect
RARE = 7  # letters of a word for a password that is part of no other word
USERINFO_BYTES = re.compile(USERINFO.pattern.encode())
# The characters behind a name: the tag of its value in a message, quotes in JSON and nested JSON, `=` or `:`.
ENDS = ("\x12", '"', "'", "\\", "=", " =", ":")
PIECES = [
    *(
        "assw",
        "ASSW",
        "assphrase",
        "ASSPHRASE",
        "ecret",
        "ECRET",
        "uthoriz",
        "UTHORIZ",
        "redential",
        "REDENTIAL",
    ),
    *("ookie", "OOKIE", "pwd", "Pwd", "PWD", "jwt", "Jwt", "JWT", "eaders", "LANGSMITH_", "LANGCHAIN_"),
    *("-key", "-Key", "-KEY", "-token", "-Token", "pikey", "tekey", "sskey", "thkey"),
    *(
        "piKey ",
        "ssKey ",
        "etKey ",
        "teKey ",
        "oken>",
        "ey>",
        "EY>",
        "cvv",
        "CVV",
        "cvc",
        "CVC",
        "Cvv",
        "Cvc",
    ),
    *("asscode", "ASSCODE", "ecovery", "ECOVERY"),
    # Options of programs, statements of SQL, and sentences.
    *(" -p", " -P ", " -a ", " -w ", " -u ", " -U", "--user", "--auth", "-user", "pass:", "sqlplus"),
    *("dentified ", "DENTIFIED ", "oken is ", "ey is "),
    *(
        word[1:]
        for name in FOREIGN
        for word in (name, name.upper())
        if name != "motdepasse" and len(name) >= RARE
    ),
    *(
        "密码",
        "密碼",
        "e passe",
        "e_passe",
        "e-passe",
        "e.passe",
        "epasse",
        "ePasse",
        "E_PASSE",
        "E-PASSE",
        "e-Passe",
    ),
    *("sstoken", "thtoken", "shtoken", "ontoken", "idtoken", "ignature=", "KeyId=", "sig=", "auth="),
]
NAME_ENDS = (
    "key", "Key", "KEY", "oken", "OKEN", "_pass", "-pass", ".pass", "Pass", "_PASS", "hrase", "HRASE",
)  # fmt: skip
# Without their first letter, short ones are parts of many words: `eslo`, `aslo`.
SHORT_FOREIGN = [word[1:] for name in FOREIGN for word in (name, name.upper()) if 3 < len(name) < RARE]
NAMES = [
    *(name + end for name, end in product(NAME_ENDS, ENDS)),
    *(name + end for name, end in product(SHORT_FOREIGN, ENDS)),
]


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
        if number >= KNOWN or ON_WIRE[number].match(piece, start):
            return True
    return has_user and USERINFO_BYTES.search(piece) is not None


@cache
def finder(added_names: tuple[str, ...]) -> Find:
    """The search for all pieces, also those of the names that the operator added; overlapping ones are all found."""
    longest_words = [max(split_words(name), key=len) for name in added_names if split_words(name)]
    spellings = {spelling for word in longest_words for spelling in (word, word.title(), word.upper())}
    encoded = [piece.encode() for piece in (*BEGINNINGS, *PIECES, *NAMES, *sorted(spellings))]
    automaton = BytesAhoCorasick(encoded, implementation=Implementation.DFA)
    return partial(automaton.find_matches_as_indexes, overlapping=True)


FIND = finder(())
