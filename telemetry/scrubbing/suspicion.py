"""
A search of serialized spans for the beginnings and the names of secrets, so that most spans are examined no further.

It may suspect too much but never too little: tests send every name and every shape through it. Most requests are
searched once, and no further (byte_search.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from django.conf import settings

from telemetry.scrubbing import hidden_names
from telemetry.scrubbing.byte_search import ByteSearch, Pieces
from telemetry.scrubbing.kinds.search import ANCHORS, ON_WIRE
from telemetry.scrubbing.named.command_lines import OPTIONS_OF
from telemetry.scrubbing.named.endings import LONGEST_NAME
from telemetry.scrubbing.named.in_order import CALLED, FUNCTIONS
from telemetry.scrubbing.named.pieces import checked_pieces, name_pieces
from telemetry.scrubbing.named.sql.database_errors import PORTS, ROW
from telemetry.scrubbing.names import split_words
from telemetry.scrubbing.shapes import ADDRESSES, FIXED, USERINFO

# Hits that are looked at one by one; bytes with more are suspect.
MOST_HITS = 32
FEWEST_BETWEEN = 256  # bytes for each further one
READ_BYTES = 64  # of what is read as a reader sees it, for each of which there may be as many more
AUTHORITY = b"://"  # as USERINFO begins
LONGEST_USERINFO = 2_060  # bytes, or a few less
# A character takes four bytes at most.
USERINFO_BYTES = re.compile(USERINFO.pattern.replace("256", "1024").encode())
# A URL inside a URL, with a user: https%3A%2F%2Fuser%3A...%40
ENCODED_USERINFO = re.compile(rb"%3[Aa]%2[Ff]%2[Ff][\w.~%+-]{1,256}?%40")
ENCODED = ("%3A%2F%2F", "%3a%2f%2f")
# A URL with a user whose slashes are escaped: https:\/\/user:...@host, https%3A//..., https:\u002f\u002f...
SLASH = rb"(?:\\{0,15}/|%2[Ff]|\\{1,15}u002[Ff]|&#(?:47|[xX]2[Ff]);)"
ESCAPED_USERINFO = re.compile(rb"(?::|%%3[Aa])%s{2}[^\s\"'<>@]{1,256}?(?:@|%%40)" % SLASH)
ESCAPED = (":\\", ":%2F", ":%2f", "%3A/", "%3a/", ":&#")
PGPASS = re.compile(rb":[\d*]{1,4}:[\w*.-]{1,63}:[\w.*@-]{1,63}:[^\s\"'`]")
FAR = 400  # bytes behind the name of a program in which an option of it stands
LISTED_OPTION = re.compile(rb"[\"']-{1,2}[A-Za-z]")
OPTIONS_TOGETHER = re.compile(rb" -[A-Za-z]{1,8}[uU][ =]")
# Programs whose names are words of other things as often.
LISTED = sorted(OPTIONS_OF.keys() - {"http", "https", "exp", "imp", "zip", "7z", "az", "oc", "cf", "xh"})
NAMES = checked_pieces()
BEGINNINGS = [piece.encode() for piece in (*ANCHORS, *ENCODED, *ESCAPED)]
# What must be so at a piece, for the first ones.
CHECKS: list[Callable[[bytes, int], object]] = [
    *(
        pattern.match
        for pattern in (*ON_WIRE, *[ENCODED_USERINFO] * len(ENCODED), *[ESCAPED_USERINFO] * len(ESCAPED))
    ),
    *(name.may_name for name in NAMES),
]
# An argument with a value that is attached, `-p...`, alone in a list: in a message, its length stands before it.
ARGUMENTS = [bytes((length, ord("-"), letter)) for length in range(3, 65) for letter in b"pu"]
CHECKS += [lambda wire, start: wire[start - 2 : start] == bytes((wire[start] + 2, 0x0A))] * len(ARGUMENTS)
# A line of `.pgpass`, a row that a database quotes, a command as a list, a call with a password, and curl's options
# written together.
OTHERS: dict[bytes, Callable[[bytes, int], object]] = {
    **{f":{port}:".encode(): PGPASS.match for port in PORTS},
    ROW.encode(): lambda wire, start: True,
    **{
        f"{name}{end}".encode(): lambda wire, start: LISTED_OPTION.search(wire, start, start + FAR)
        for name in LISTED
        for end in "\"'\\"
    },
    **{
        function.encode(): lambda wire, start: CALLED.search(wire, start, start + FAR)
        for function in FUNCTIONS
    },
    b"curl ": lambda wire, start: OPTIONS_TOGETHER.search(wire, start, start + FAR),
}
CHECKS += OTHERS.values()
CHECKED = len(CHECKS)
HIDDEN = hidden_names.pieces()
HIDES = list(HIDDEN.values())
FIRST_NAME = len(HIDES)  # the pieces before are of what hides a name
PIECES = [
    *HIDDEN,
    *BEGINNINGS,
    *(name.text for name in NAMES),
    *ARGUMENTS,
    *OTHERS,
    *(piece.encode() for piece in (*FIXED, *ADDRESSES)),
    *name_pieces(),
]


def is_suspect(wire: bytes, *, as_read: bool = False) -> bool:
    """Whether these bytes of a protobuf message, or of a text, may hold a secret; `as_read` ones hide no name."""
    hits = read_until = 0
    most_hits = MOST_HITS * (1 + as_read * len(wire) // READ_BYTES)

    def may_be_secret(number: int, start: int) -> bool:
        nonlocal hits, read_until
        if number < FIRST_NAME:
            if as_read or start < read_until or not HIDES[number](wire, start):
                return False
            is_near = 0 < read_until > start - hidden_names.BEHIND
            behind = hidden_names.FAR_BEHIND if is_near else hidden_names.BEHIND
            read_until = start + behind - LONGEST_NAME
            return is_suspect(hidden_names.around(wire, start, behind), as_read=True)
        hits += 1
        number -= FIRST_NAME
        is_sure, are_many = number >= CHECKED, hits > most_hits + start // FEWEST_BETWEEN
        return is_sure or are_many or bool(CHECKS[number](wire, start))

    added_names = settings.LOOPKIT_SCRUB_KEYS
    search = (searches_for(tuple(added_names)) if added_names else SEARCHES)[as_read]
    return search.any(wire, may_be_secret) or has_userinfo(wire)


def has_userinfo(wire: bytes) -> bool:
    """
    Whether a URL in the bytes names a user: looked for before each @, which are few.

    A match that begins at a place has the first @ behind that place in it, so each place is tried once.
    """
    searched, at = 0, wire.find(b"@")
    while at >= 0:
        start = wire.find(AUTHORITY, max(searched, at - LONGEST_USERINFO), at)
        while start >= 0:
            if USERINFO_BYTES.match(wire, start):
                return True
            start = wire.find(AUTHORITY, start + 1, at)
        searched, at = at, wire.find(b"@", at + 1)
    return False


@cache
def searches_for(added_names: tuple[str, ...]) -> dict[bool, ByteSearch]:
    """
    The searches for all pieces, also those of the names that the operator added, by `as_read`.

    That of bytes as read is another one, since a search cannot begin anew while it goes on.
    """
    longest_words = [max(split_words(name), key=len) for name in added_names if split_words(name)]
    spellings = {spelling for word in longest_words for spelling in (word, word.title(), word.upper())}
    pieces = Pieces([*PIECES, *(spelling.encode() for spelling in sorted(spellings))])
    return {as_read: ByteSearch(pieces) for as_read in (False, True)}


SEARCHES = searches_for(())
