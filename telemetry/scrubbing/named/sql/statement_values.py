"""
The parameters of a statement as programs print them: tuples, lists or dictionaries of Python, JSON, Entity Framework's
`[@p0='...' (Size = 40)]`, and MyBatis' `...(String), 5(Integer)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import closing
from telemetry.scrubbing.work import CANDIDATE, CHARACTERS_A_STEP, Work

LONGEST_PARAMETERS = 16_384
VALUE = re.compile(
    r"(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<at>@\w{1,80})=|[bBuU]?(?P<quote>\\{0,15}[\"'`])"
    r"|(?P<bare>[^\s,\[\](){}:'\"\\`]{1,512}+)"
)
NAMED = re.compile(r"[ \t]{0,4}(?::|=>|=)")
TYPED = re.compile(
    r"(?P<value>(?:[^(\r\n]|\((?![A-Z]\w{0,40}\)(?:, |\r?\n|\Z))){0,2048}+)\([A-Z]\w{0,40}\)(?P<more>, )?"
    r"|null(?P<null>, )?"
)
NUMBERED = re.compile(r"\$(?P<number>\d{1,4}) = (?:'(?P<value>(?:[^']|''){0,4096}+)'|NULL)(?:, )?")
Key = int | str  # the place of a parameter in its row, or its name


class OpenBrackets:
    """The brackets that are open: of each, the number of values before, and the name that is in force."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.names: list[str] = []

    def open(self) -> None:
        """A bracket opens: what is in it has the name before it, if there is one."""
        self.counts.append(0)
        self.names.append(self.names[-1] if self.names else "")

    def close(self) -> None:
        """A bracket closes."""
        self.counts.pop()
        self.names.pop()

    def next_value(self) -> None:
        """A comma: the name that stood in this bracket is no more in force."""
        if self.counts:
            self.counts[-1] += 1
            self.names[-1] = self.names[-2] if len(self.names) > 1 else ""

    def name(self, name: str) -> None:
        """A name stands before the next value."""
        if self.names:
            self.names[-1] = name

    @property
    def key(self) -> Key:
        """The name, or the place, of the value that comes next."""
        return (self.names[-1] if self.names else "") or sum(self.counts[-1:])


def parameters(text: str, at: int, work: Work) -> Iterator[tuple[Key, Place]]:
    """The parameters of one row or of many, from the bracket that opens here."""
    brackets, end = OpenBrackets(), at + LONGEST_PARAMETERS
    while at < end and (match := VALUE.search(text, at, end)):
        work.take(CANDIDATE // 4)
        at = match.end()
        if match["open"]:
            brackets.open()
        elif match["close"]:
            if len(brackets.counts) < 2:
                return
            brackets.close()
        elif match["comma"]:
            brackets.next_value()
        elif match["at"]:
            brackets.name(match["at"])
        elif match["bare"]:
            if NAMED.match(text, at):
                brackets.name(match["bare"])
            else:
                yield brackets.key, match.span("bare")
        else:
            place = match.end(), closing(text, match["quote"], match.end())
            at = place[1] + len(match["quote"])
            if NAMED.match(text, at):
                brackets.name(text[slice(*place)])
            else:
                yield brackets.key, place


def numbered_parameters(text: str, at: int, work: Work) -> Iterator[tuple[Key, Place]]:
    """The parameters of a line of PostgreSQL, each with its number before it."""
    while match := NUMBERED.match(text, at):
        work.take(CANDIDATE // 4)
        if match["value"]:
            yield int(match["number"]) - 1, match.span("value")
        at = match.end()


def typed_parameters(text: str, at: int, work: Work) -> Iterator[tuple[Key, Place]]:
    """The parameters of a line of MyBatis, each with its type behind it."""
    number = 0
    while match := TYPED.match(text, at):
        work.take(CANDIDATE // 4 + len(match[0]) // CHARACTERS_A_STEP)
        if match["value"]:
            yield number, match.span("value")
        number, at = number + 1, match.end()
        if not (match["more"] or match["null"]):
            return
