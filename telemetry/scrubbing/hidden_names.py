r"""
Pieces of what can stand inside the name of a secret so that no search for the name finds it: an escape of a letter, a
sign that is not seen, a letter of another width, a command of a terminal (escapes.py).

    p%61ssword   pass\u0077ord   pass\u200bword   \uff50\uff41ss   pass\x1b[1mword

Around each that may be one, a few bytes are read as a reader sees them, so that the search for names can be repeated.
Most escapes and signs of clean telemetry are none of them: those of letters of ASCII, or behind one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain
from string import ascii_letters
from urllib.parse import quote

from telemetry.scrubbing.escapes import as_seen
from telemetry.scrubbing.names import FOREIGN

BEFORE, BEHIND = 72, 120  # bytes that are read around one
FAR_BEHIND = (
    2_000  # bytes behind one that comes soon after what was read around another: fewer are read twice
)
# The signs of DerivedCoreProperties.txt of Unicode that are used, and marks that stand above or below a letter.
UNSEEN = [
    *map(chr, (0xAD, 0x34F, 0x61C, 0x180B, 0x180C, 0x180D, 0x180E, 0x3164, 0xFEFF, 0xFFA0, *range(0x200B, 0x2010))),
    *map(chr, (*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0x300, 0x370))),
]  # fmt: skip
WIDE = [*map(chr, (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF3F))]
STYLED = [b"\xf0\x9d\x90", b"\xf0\x9d\x91", b"\xf0\x9d\x92", b"\xf0\x9d\x93", b"\xf0\x9d\x94", b"\xf0\x9d\x95",
          b"\xf0\x9d\x96", b"\xf0\x9d\x97", b"\xf0\x9d\x98", b"\xf0\x9d\x99", b"\xf0\x9d\x9a"]  # fmt: skip
# The last letters, before such a sign, of a word that is not of ASCII.
LETTERS = {letter.encode() for word in FOREIGN for letter in (*word, *word.upper()) if not letter.isascii()}
LETTER = rb"(?<=[A-Za-z_.-])"
# A letter, or a sign that is not seen, by its number.
CODE_UNIT = (
    rb"(?:00[4-7]|00[aA][dD]|034[fF]|061[cC]|180[b-eB-E]|20(?:0[b-fB-F]|2[a-eA-E]|6)|[fF][eE](?:0|[fF][fF]))"
)
ESCAPES: dict[bytes, re.Pattern[bytes]] = {
    **dict.fromkeys((b"\\u0", b"\\u1", b"\\u2", b"\\uf", b"\\uF"), re.compile(rb"\\u" + CODE_UNIT)),
    b"\\u{": re.compile(rb"\\u\{0{0,4}[4-7][0-9A-Fa-f]\}"),
    **dict.fromkeys((b"\\x4", b"\\x5", b"\\x6", b"\\x7"), re.compile(rb"\\x[4-7][0-9A-Fa-f]")),
    b"\\1": re.compile(rb"\\1[0-7]{2}"),
    b"&#": re.compile(
        rb"&#(?:0{0,5}(?:6[5-9]|[78]\d|9[05-9]|1[01]\d|12[0-2]|173|82\d\d|65279)(?!\d)"
        rb"|[xX]0{0,5}(?:[4-7][0-9A-Fa-f]|[aA][dD]|20[0-6][0-9A-Fa-f]|[fF][eE][fF][fF])(?![0-9A-Fa-f]))"
    ),
    **dict.fromkeys((b"&shy;", b"&zw", b"&ZeroW", b"&lrm;", b"&rlm;"), re.compile(LETTER + rb"&")),
    **dict.fromkeys((b"\x1b[", b"\x1b]"), re.compile(LETTER + rb"\x1b")),
    **dict.fromkeys((b"\\x1b", b"\\x1B", b"\\033", b"\\e["), re.compile(LETTER + rb"\\")),
}


def pieces() -> dict[bytes, Callable[[bytes, int], object]]:
    """The pieces, and what must be so at each."""
    found: dict[bytes, Callable[[bytes, int], object]] = {}
    found.update(dict.fromkeys(map(str.encode, UNSEEN), is_behind_letter))
    found.update(dict.fromkeys(map(bytes, chain(map(str.encode, WIDE), STYLED)), is_any))
    found.update(dict.fromkeys(percent_letters(), is_any))
    found.update({piece: pattern.match for piece, pattern in ESCAPES.items()})
    found.update({f"{letter}\b{letter}".encode(): is_any for letter in ascii_letters})
    return found


def percent_letters() -> Iterator[bytes]:
    """The escapes of URLs of letters, of the signs between them, and of what is not seen; also of escapes of them."""
    for letter in (*ascii_letters, "_", "-"):
        number = f"{ord(letter):02x}"
        yield from (f"%{each}".encode() for each in {number, number.upper()})
    yield from (f"%25{digit}".encode() for digit in "4567")
    for sign in ("\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"):
        yield from (quote(sign).encode(), quote(sign).lower().encode())


def is_any(_wire: bytes, _start: int) -> bool:
    """Any place will do."""
    return True


def is_behind_letter(wire: bytes, start: int) -> bool:
    """Whether a letter of a name stands before this place."""
    before = wire[max(0, start - 3) : start]
    return (
        before[-1:].isalpha()
        or before[-1:] in {b"_", b"-", b"."}
        or before in LETTERS
        or before[-2:] in LETTERS
    )


def around(wire: bytes, start: int, behind: int) -> bytes:
    """The bytes around this place as a reader sees them, so far behind it; empty where they are written so."""
    part = wire[max(0, start - BEFORE) : start + behind]
    text = part.decode(errors="replace")
    read = as_seen(text)
    return read.encode() if read != unicodedata.normalize("NFC", text) else b""
