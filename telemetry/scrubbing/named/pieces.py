"""
Pieces of text without which no secret is found by its name: what the search of suspicion.py looks for.

They are made of the names (names.py), and are as rare in clean telemetry as can be: of a name of two words, such as
`api key`, both are a part, and behind those and behind `token`, which counts tokens in most telemetry, must stand what
may follow a name (endings.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple
from unicodedata import normalize
from urllib.parse import quote

from telemetry.scrubbing.escapes import DOTLESS, DOTTED
from telemetry.scrubbing.named.endings import (
    BEFORE_TYPE,
    BEGINS_CALL,
    LONGEST_NAME,
    MAY_FOLLOW,
    NOT_NUMBERED,
    PROBABILITY,
    SHORT,
)
from telemetry.scrubbing.named.sentences import CHANGES, FOR_ACCOUNT, VERBS
from telemetry.scrubbing.named.typed.fields import FIELD_WORDS
from telemetry.scrubbing.names import ENDINGS, PLAIN_TOKENS, TOKEN_SUFFIXES

WORDS = (
    "assw", "ASSW", "assphrase", "ASSPHRASE", "ecret", "ECRET", "uthoriz", "UTHORIZ", "redential", "REDENTIAL",
    "ookie", "OOKIE", "pwd", "Pwd", "PWD", "jwt", "Jwt", "JWT", "cvv", "CVV", "Cvv", "cvc", "CVC", "Cvc", "asscode",
    "ASSCODE", "ecovery", "ECOVERY", "psk", "PSK", "Psk", "asterauth", "ASTERAUTH", "equirepass", "REQUIREPASS",
    "nemonic", "NEMONIC", "erifier", "ERIFIER", "eaders", "LANGSMITH_", "LANGCHAIN_",
)  # fmt: skip
# Parts of the words for a password in other languages that are parts of no other word, and begin as few others do.
FOREIGN = (
    "ontrase", "ONTRASE", "ot de p", "ot_de_p", "ot-de-p", "ot.de.p", "otdep", "otDeP", "OT_DE_P", "OTDEP", "OT DE P",
    "OT-DE-P", "ot-De-P", "ot De P", "Senha", "senha", "SENHA", "htwoord", "HTWOORD", "haslo", "Haslo", "HASLO",
    "senord", "SENORD", "gskode",
    "GSKODE", "lasana", "LASANA", "ifre", "IFRE", "heslo", "Heslo", "HESLO", "ennwort", "ENNWORT", "elsz", "ELSZ",
)  # fmt: skip
NOT_LATIN = (
    "asł",
    "şifre",
    "пароль",
    "ПАРОЛЬ",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
)
# Parameters of URLs, cookies of sessions, members of logins and of keys.
PARAMETERS = (
    "ignature=", "KeyId=", "sig=", "auth=", "auth\"", "auth'", "auth\\", "?code=", "&code=", "ode%3D", "essionid=",
    "SESSIONID=", "SESSID=", "connect.sid=", "pass=", "pass\"", "pass'", "pass:", "pass\\", "pass%", "kty\"", "kty'",
    "kty\\", "ssertion=", "SAMLResponse=", "key=", "key%", "key&", "key\\",
)  # fmt: skip
# Options of programs, statements of SQL, and sentences.
STATEMENTS = (
    " -p", " -P ", " -a ", " -w ", " -u ", " -U", "--user", "--auth", "-user", "sqlplus", "dentified ", "DENTIFIED ",
    *(f"\x02-{letter}" for letter in "paPwNuU"),  # alone in a list: in a message, its length stands before it
)  # fmt: skip
BETWEEN = ("", "_", "-", ".", " ", "__")  # what parts the words of a name of two
LAST_WORDS = ("key", "Key", "KEY", "keys", "Keys", "KEYS", "pass", "Pass", "PASS", "hrase", "HRASE")
# In the name of an attribute, before the tag of its value, and in a text with escapes, anything may part the words.
ENDS_OF_NAMES = tuple(map("".join, product(LAST_WORDS, ("\x12", "%"))))
TAGS = rb"\x12%&\x1b\x80-\xff"  # what follows a name in a message or in a text with escapes, colours and wide signs
NAME_GOES_ON = rb"(?:[\w.]|-(?!>)){0,40}+"
BEHIND_TOKEN = (
    rb"(?:[_.-]{0,2}(?i:%s)){0,3}+[_.-]{0,40}+" % "|".join(sorted(TOKEN_SUFFIXES, reverse=True)).encode()
)
FOLLOWS = rb"(?:[%s%s]|(?<!\.) |%s)" % (
    re.escape(MAY_FOLLOW.replace(" ", "")).encode(), TAGS, BEGINS_CALL.encode(),
)  # fmt: skip
# What a sentence has between the name and what is typed into its field, or becomes the secret.
BEHIND_NAMES = ("has", "have", "to", "for", "of", "got", "gets", "been", "with", "as", "on", "value")
PLAIN = re.compile(
    rb"%s %s(?!(?:%s) )(?!%s)[a-z]{1,13}[ \t\r\n.,;!?)]"
    % (
        NAME_GOES_ON,
        BEFORE_TYPE.encode(),
        "|".join((*VERBS, *CHANGES, *FIELD_WORDS, *BEHIND_NAMES)).encode(),
        FOR_ACCOUNT.lstrip().encode(),
    )
)
PLAIN_BEFORE = re.compile(rb"(?<![\w\x80-\xff-])(?i:%s) \Z" % "|".join(sorted(PLAIN_TOKENS)).encode())
FOLLOWS_NAME = re.compile(NOT_NUMBERED.encode() + NAME_GOES_ON + FOLLOWS)
FOLLOWS_TOKEN = re.compile(PROBABILITY.encode() + NOT_NUMBERED.encode() + BEHIND_TOKEN + FOLLOWS)


class NamePiece(NamedTuple):
    """A piece of a name, and what must follow it."""

    text: bytes
    following: re.Pattern[bytes]
    beyond: int = 0  # characters of the piece that are behind the name

    def may_name(self, wire: bytes, start: int) -> bool:
        """Whether this piece of the bytes may be of the name of a secret that has a value."""
        end = start + len(self.text) - self.beyond
        if not self.following.match(wire, end):
            return False
        if self.beyond and PLAIN_BEFORE.search(wire, max(0, start - LONGEST_NAME), start):
            return False
        # A plain word follows, as in most sentences; behind an option, and in a tag, it may belong to the name.
        before = wire[max(0, end - LONGEST_NAME) : end].rpartition(b" ")[2]
        return b"-" in before or b"<" in before or not PLAIN.match(wire, end)


def checked_pieces() -> list[NamePiece]:
    """The pieces of names that only count where something may follow a name."""
    of_two_words = sorted({spelled for ending in ENDINGS for spelled in spellings(*ending.split())})
    return [
        *(
            NamePiece(piece.encode("latin-1"), FOLLOWS_TOKEN, beyond=len(piece) - len("token"))
            for piece in tokens()
        ),
        *(NamePiece(piece.encode(), FOLLOWS_NAME) for piece in (*of_two_words, *in_turkish(of_two_words))),
    ]


def in_turkish(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces with an i as Turkish writes it where the case of a name is changed: `AP\u0130_KEY`, `ap\u0131_key`."""
    for piece in pieces:
        other = piece.replace("I", DOTTED).replace("i", DOTLESS)
        if other != piece:
            yield other
            yield piece.replace("i", DOTTED).replace("I", DOTLESS)


def tokens() -> Iterator[str]:
    """
    The word `token` with what may follow in the name of a secret or behind it.

    So none of the many `tokens` and `token_count` of models is looked at.
    """
    letters = sorted({letter for suffix in TOKEN_SUFFIXES for letter in (suffix[0], suffix[0].upper())})
    parted = ["".join(pair) for pair in product("_.-", [*letters, "_"])]
    wide = ("\xc2", "\xe1", "\xe2", "\xe3", "\xef")  # the first bytes of the signs of readings.py
    following = [*MAY_FOLLOW, "(", "\x12", "%", "&", "\x1b", ".", *wide, *letters, *parted]
    yield from map("".join, product(("token", "Token", "TOKEN"), following))


def spellings(first: str, last: str = "") -> Iterator[str]:
    """The two words of a name in every spelling; without the first letter, which begins a word in capitals or not."""
    if not last:
        return
    small = [first[1:]] if len(first) > SHORT else [first, first.title()]
    capital = first[1:].upper() if len(first) > SHORT else first.upper()
    for between in BETWEEN:
        yield from (
            beginning + between + end for beginning in small for end in (last, last.title(), last.upper())
        )
        yield from (capital + between + end for end in (last, last.upper(), last.title()))


def name_pieces() -> list[bytes]:
    """The pieces of names that always count, once each."""
    pieces = (*WORDS, *PARAMETERS, *STATEMENTS, *FOREIGN, *not_latin(), *ENDS_OF_NAMES)
    pieces = (*pieces, *in_turkish((*WORDS, *FOREIGN)), *(normalize("NFD", word) for word in NOT_LATIN))
    return [*dict.fromkeys(piece.encode() for piece in pieces)]


def not_latin() -> Iterator[str]:
    """The words in other letters, as they are and as JSON and URLs escape them: `\\u5bc6\\u7801`, `%E5%AF%86`."""
    for word in NOT_LATIN:
        in_json = json.dumps(word)[1:-1]
        yield from (
            word,
            word.upper(),
            word.title(),
            in_json,
            in_json.upper().replace("\\U", "\\u"),
            quote(word),
        )
