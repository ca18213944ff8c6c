"""
Secrets that are recognised by their shape, wherever they are: by the kept list of kinds/, by the scheme before them, as
lines of a private key, or before the @ of a URL (https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/).

All beginnings are searched for in one pass, and a pattern is tried only where one was found. Repetition is bounded or
possessive, so any input takes linear time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter

from ahocorasick_rs import AhoCorasick, Implementation

from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.kinds.search import ANCHORS, ANY_PATTERN, Place, secret_at
from telemetry.scrubbing.randomness import is_no_word, looks_random
from telemetry.scrubbing.work import CANDIDATE, CHARACTERS_A_STEP, Work

SCHEMES = ("Bearer ", "bearer ", "BEARER ", "Basic ", "basic ", "BASIC ")
PRIVATE_KEYS = "-----BEGIN "
ORACLE = "jdbc:oracle:"
PUTTY, ANSIBLE = "Private-Lines: ", "$ANSIBLE_VAULT;"
FIXED = [*SCHEMES, PRIVATE_KEYS, ORACLE, PUTTY, ANSIBLE]
BEGINNINGS = [*ANCHORS, *FIXED]
KNOWN = len(ANCHORS)
TRIED = [pattern.match for pattern in ANY_PATTERN]  # nearly all that begins like a secret is none
FIND = partial(
    AhoCorasick(BEGINNINGS, implementation=Implementation.DFA).find_matches_as_indexes, overlapping=True
)
HIT = 14  # steps to try what begins there

CREDENTIALS = re.compile(r"(?<![\w-])[A-Za-z]{5,6} {1,4}([\w.~+/-]{8,16384}+={0,2})", re.ASCII)
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----((?:[^-]|-(?!----)){1,65536}+)"
)
KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{40}")
USERINFO = re.compile(
    # A port ends at the first of these signs, and a password that nobody escaped may hold them.
    r"://(?:([^\s/?#:@\"'<>\\]{0,256}+:(?!\d{1,5}[/?#])(?:[^\s\"'<>\\:]|:(?!//)){1,256})|(?P<user>[\w.~%+-]{16,256}+))@",
    re.ASCII,
)
# https://docs.oracle.com/en/database/oracle/oracle-database/23/jjdbc/data-sources-and-URLs.html
ORACLE_USER = re.compile(r"jdbc:oracle:(?:thin|oci8?|kprb):([^\s/@\"'\\]{1,128}+/[^\s@\"'\\]{1,256}+)@")
# https://the.earth.li/~sgtatham/putty/0.82/htmldoc/AppendixC.html and https://docs.rs/ansible-vault
LINES = re.compile(
    r"(?:Private-Lines: \d{1,3}|\$ANSIBLE_VAULT;[\w.;-]{1,64}+)(?:\r?\n|(?:\\{1,15}r)?\\{1,15}n)[ \t]{0,16}"
    r"([A-Za-z0-9+/=]{20,80}+(?:(?:\s{1,16}|(?:\\{1,15}[rn]){1,2})[A-Za-z0-9+/=]{2,80}+(?![:\w-])){0,256}+)"
)

# A connection string of Go, read backwards from its address: `user:password@tcp(`
# https://pkg.go.dev/github.com/go-sql-driver/mysql#readme-dsn-data-source-name
ADDRESSES_OF_GO = ("@tcp(", "@unix(", "@tcp6(", "@udp(")
ADDRESS_OF_GO = re.compile("|".join(map(re.escape, ADDRESSES_OF_GO)))
GO_USER = re.compile(r"([^\s\"'@/\\:]{1,128}+):[\w.-]{1,64}")

# One of Oracle, read backwards from its address: `user/password@//host:1521/service`
# https://docs.oracle.com/en/database/oracle/oracle-database/23/netag/configuring-naming-methods.html
EASY_CONNECT = re.compile(r"@//(?=[\w.-]{1,253}+(?::\d{1,5})?/\w)")
ORACLE_PASSWORD = re.compile(r"([^\s\"'@/\\:]{1,128}+)/[\w$#]{1,128}+(?![/:.])")
ADDRESSES = (*ADDRESSES_OF_GO, "@//")

by_start = itemgetter(1)


def found(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of secrets of such shapes in the area, in no order. What was read for one is not read again."""
    read_until = 0
    for number, start, _ in sorted(work.hits(FIND, text, area, HIT), key=by_start):
        place = None
        if number >= KNOWN:
            work.take(CANDIDATE)
            place = FIXED_PLACES.get(text[start], credentials)(text, start)
        elif start >= read_until and TRIED[number](text, start):
            place, end = secret_at(text, number, start)
            work.take(CANDIDATE + (end - start) // CHARACTERS_A_STEP)
            read_until = max(read_until, end)
        if place:
            yield place
    if "@" in text:
        yield from users(text, work)
        yield from before_addresses(text, ADDRESS_OF_GO, GO_USER.match, work)
    if "@//" in text:
        yield from before_addresses(text, EASY_CONNECT, ORACLE_PASSWORD.match, work)


def users(text: str, work: Work) -> Iterator[Place]:
    """The places of user and password before the @ of a URL; a user alone is a secret if it looks like a token."""
    for match in USERINFO.finditer(text):
        work.take(2 * CANDIDATE)
        if match["user"] is None:
            yield match.span(1)
        elif looks_random(match["user"]):
            yield match.span("user")


def before_addresses(
    text: str,
    address: re.Pattern[str],
    password_at: Callable[[str, int], re.Match[str] | None],
    work: Work,
) -> Iterator[Place]:
    """The places of passwords before an address in a connection string, of Go or of Oracle."""
    starts = [match.start() for match in address.finditer(text)]
    backwards = text[::-1] if starts else ""
    for start in starts:
        work.take(2 * CANDIDATE)
        if match := password_at(backwards, len(text) - start):
            yield start - len(match[1]), start


def credentials(text: str, start: int) -> Place | None:
    """The place of the credentials behind Bearer or Basic, or None before a word: `Bearer authentication`."""
    match = CREDENTIALS.match(text, start)
    if match is None:
        return None
    is_secret = is_user_and_password if text[start + 1] in "aA" else is_no_word
    return match.span(1) if is_secret(match[1]) else None


def is_user_and_password(encoded: str) -> bool:
    """Whether the text is base64 of `user:password`: https://www.rfc-editor.org/rfc/rfc7617#section-2"""
    try:
        return b":" in base64.b64decode(encoded, validate=True)
    except ValueError:  # also for a text that is not of ASCII
        return False


def oracle_user(text: str, start: int) -> Place | None:
    """The place of user and password in a connection string of Oracle."""
    match = ORACLE_USER.match(text, start)
    return match.span(1) if match else None


def lines_of_key(text: str, start: int) -> Place | None:
    """The place of the lines of a private key of PuTTY, or of a vault of Ansible."""
    match = LINES.match(text, start)
    return match.span(1) if match else None


def private_key(text: str, start: int) -> Place | None:
    """
    The place of the lines between BEGIN and END of a private key, or of the rest of a text that was cut off before END.

    None for a sentence about private keys, which has no such lines.
    """
    match = PRIVATE_KEY.match(text, start)
    if match is None or not (text.startswith("-----END", match.end()) or KEY_LINE.search(match[1])):
        return None
    return match.span(1)


# By the first character; else a scheme with credentials.
FIXED_PLACES = {"-": private_key, "j": oracle_user, "P": lines_of_key, "$": lines_of_key}
