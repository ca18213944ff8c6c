"""
Texts that repeat what the rules of scrubbing look for, behind one secret, so that every rule reads all of them.

The pieces are made from the table of kinds, the names and the programs themselves: a new row is measured by existing.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

from telemetry.scrubbing.kinds.table import KINDS
from telemetry.scrubbing.named.command_lines import OPTIONS_OF
from telemetry.scrubbing.named.endings import LAST_WORDS
from telemetry.scrubbing.named.sentences import FIRST_WORDS
from telemetry.scrubbing.names import ENDINGS
from telemetry.scrubbing.shapes import FIXED

SECRET = "password=hunter-22 "
FORMS = (
    "{}", "{} ", "{}=", "{}=a ", "{} = a1\n", "{}: ", "{}: a1 ", "x.{}: ", "{}:", " {}:a1", "?{}=1 ", ";{}=a1;",
    '"{}":', '"{}": 1, ', '"{}": "a", ', "'{}', ", "('{}', 'a'), ", '\\"{}\\": \\"', "--{} a ", "-{} ",
    "<{}>", "<{}>a<", "name='{}' value='a", "{}=[redacted] ", "{{{}:a(", "?{}=?", '"{}":["",', '"{}":"\\"',
    "{} is a1b2c3d ", "{}=None ", "{}: {{", "-{}=a1 ",
    '"name":"{}","value":"a",', "ENV {} a1\n", "{} a1\n", "| {} | a1 |\n", "{},a\n", "({},a) VALUES (1,2)", "{}%3Da%26",
    "&quot;{}&quot;:", "[{}] => a ", "{}: |\n a\n", "{}: Some(", "name=\"{}\"\r\n\r\na\r\n", "login u {} a1 ",
)  # fmt: skip
OPTIONS = (
    "",
    "-p a ",
    "-pa ",
    "-a ",
    "-w a ",
    "-P a ",
    "-u a ",
    "-u a:b ",
    "-U a%b ",
    "login -p a ",
    "a/b@",
    "pass:a ",
)
SENTENCES = ("{} is ", "{} is a1b2c3 ", "{} ist a, ", "{} by '", "{} '")
# Separators without a name of the list, and other beginnings that rules look for.
OTHERS = (
    "a=b ", "x: ", ": ", "=a", "a:b ", "=>", '"ab": ', '"', "'a ", "\\", " -", "--", "-a ", "<", "<a>b<", "://",
    "://a:", "://a:b@", "@", "[redacted]", "Cookie: a\n", "Cookie: ", "Bearer a1", "Authorization: a=b, ",
    "-----BEGIN PRIVATE KEY-----",
)  # fmt: skip


def pieces() -> list[str]:
    """Every piece, once."""
    return list(dict.fromkeys([*OTHERS, *FIXED, *beginnings(), *named(), *commands()]))


def beginnings() -> Iterator[str]:
    """The beginnings of the kinds of secrets, alone and with a few characters that may follow."""
    for anchor in dict.fromkeys(anchor for kind in KINDS for anchor in kind.anchors):
        yield from (
            anchor,
            f"{anchor}-",
            f"{anchor}a1 ",
            f"\\n{anchor}",
            f".{anchor}",
            f"%3D{anchor}",
            f"/{anchor}",
        )
        yield from (f"{anchor}0a1B2c3D4e5F6g7H8i9 ", f"{anchor}abcdefghABCDEFGH0123456789abcdef")


def named() -> Iterator[str]:
    """The names in each form that a rule reads."""
    names = sorted({ending.replace(" ", "_") for ending in ENDINGS} | LAST_WORDS)
    yield from (form.format(name) for name, form in product(names, FORMS))
    yield from (form.format(word) for word, form in product(FIRST_WORDS, SENTENCES))


def commands() -> Iterator[str]:
    """The programs with each of the options that a rule reads."""
    yield from (f"{program} {option}" for program, option in product(OPTIONS_OF, OPTIONS))


def mixtures(number: int) -> list[str]:
    """Pieces of pieces: each repeats a few of them, chosen at random but always the same."""
    chance, every = random.Random(11), pieces()
    return ["".join(chance.choices(every, k=chance.randrange(2, 12))) for _ in range(number)]


def repeated_texts(piece: str, size: int) -> Iterator[str]:
    """Texts of that size, each another one, so that no cache knows it."""
    for number in range(10**6):
        yield f"{number:4d}{SECRET}{piece * (size // len(piece))}"[:size]
