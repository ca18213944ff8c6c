r"""
The readings of a text: as it is written, and as a reader sees it: with escapes decoded and what is not seen left out
(escapes.py), without what programs print before each line (before_lines.py), and, deep in JSON, with fewer backslashes
(nested_quotes.py). In a form a plus sign is a blank, and the list of a command a command line (named/command_lists.py).

    password%3D...   &quot;token&quot;: &quot;...   \x1b[36mpassword\x1b[0m=...   https:\/\/user:...@host
    text=password%3A+...   12\t- name: PASSWORD\n13\t  value: ...   +ENV PASSWORD ...

A secret that is found in the decoded text is replaced where its characters stand in the text as it is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from telemetry.scrubbing import shapes
from telemetry.scrubbing.areas import Area
from telemetry.scrubbing.before_lines import before_lines
from telemetry.scrubbing.escapes import Edit, escapes
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.command_lists import command_lists
from telemetry.scrubbing.named.places import named_secrets
from telemetry.scrubbing.nested_quotes import deep_levels
from telemetry.scrubbing.work import CHARACTERS_A_STEP, Work

RUN = re.compile(r"\S++")
# https://url.spec.whatwg.org/#application/x-www-form-urlencoded
OF_FORM = re.compile(r"%[0-9A-Fa-f]{2}")


class DecodedText:
    """A text as a reader sees it, and where its characters stood."""

    def __init__(self, text: str, edits: Iterable[Edit], within: DecodedText | None = None) -> None:
        """
        Decode the text, which may be what another one was decoded to.

        `ends` and `written` are the ends of what each escape became, and of the escape.
        """
        self.within = within
        parts: list[str] = []
        self.ends, self.written, length, last = [0], [0], 0, 0
        for start, end, seen in sorted(edits):
            if start < last:
                continue
            parts += [text[last:start], seen]
            length += start - last + len(seen)
            last = end
            self.ends.append(length)
            self.written.append(last)
        self.text = "".join([*parts, text[last:]])

    def place(self, start: int, end: int) -> Place:
        """Where, in the text as written, what was found in the decoded one stands."""
        place = self.position(start), self.position(end)
        return self.within.place(*place) if self.within else place

    def position(self, at: int) -> int:
        """Where, in the text as written, the character begins that stands here in the decoded one."""
        escape = bisect_right(self.ends, at) - 1
        return self.written[escape] + at - self.ends[escape]

    def area(self, area: Area) -> Area:
        """The area of the text as written, in the decoded one."""
        outer = self.within.area(area) if self.within else area
        return [(self.decoded_position(start), self.decoded_position(end)) for start, end in outer]

    def decoded_position(self, at: int) -> int:
        """Where, in the decoded text, the character of the text as written stands."""
        escape = bisect_right(self.written, at) - 1
        return self.ends[escape] + at - self.written[escape]


def blanks(text: str, work: Work) -> Iterator[Edit]:
    """The plus signs that stand for blanks: in a form, which has escapes of URLs too. Raises Spent."""
    for run in RUN.finditer(text) if "%" in text and "+" in text else ():
        if OF_FORM.search(text, run.start(), run.end()):
            work.take(len(run[0]) // CHARACTERS_A_STEP)
            signs = [at for at in range(run.start(), run.end()) if text[at] == "+"]
            work.take(len(signs))
            yield from ((at, at + 1, " ") for at in signs)


def secrets_in(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of the secrets in the area, in any reading of the text, each once. Raises Spent."""
    found: set[Place] = set()
    for place in read(text, area, work):
        found.add(place)
        yield place
    for other in other_readings(text, work):
        for place in read(other.text, other.area(area), work):
            written = other.place(*place)
            if written not in found:
                found.add(written)
                yield written


def read(text: str, area: Area, work: Work) -> Iterator[Place]:
    """The places of the secrets in the area of one reading. Raises Spent."""
    work.read(area)
    yield from shapes.found(text, area, work)
    yield from named_secrets(text, area, work)


def other_readings(text: str, work: Work) -> Iterator[DecodedText]:
    """
    The text as a reader sees it, where that differs, and as a form, where plus signs are blanks. Raises Spent.

    What is deeper in JSON inside JSON is read by itself.
    """
    edits = [*escapes(text, work), *before_lines(text, work)]
    if edits:
        yield DecodedText(text, edits)
    if of_form := list(blanks(text, work)):
        yield DecodedText(text, [*edits, *of_form])
    if commands := list(command_lists(text, work)):
        yield DecodedText(text, commands)
    for runs in deep_levels(text, work):
        raised = DecodedText(text, runs)
        yield raised
        if edits := list(escapes(raised.text, work)):
            yield DecodedText(raised.text, edits, raised)
