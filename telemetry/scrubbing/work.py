"""
The work of scrubbing that one request may cause, in steps that are counted: the outcome depends on no clock.

    work = Work(len(wire))
    work.take(30)       # raises Spent once the request has had its share

A step takes about a tenth of a microsecond. A text of hardly anything but names of secrets takes a hundred times as
long as a sentence, so each request has a share in proportion to its bytes, and what is still suspect when it is spent
is redacted as a whole. tests/security/costs/test_request_work.py shows that recorded requests need little of theirs.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.scrubbing.areas import Area

Hit = tuple[int, int, int]  # the number of what was found, and where it begins and ends
Find = Callable[[str], list[Hit]]

BASE = 10_000  # steps of a request of any size: some forty secrets
STEPS_A_KB = 420  # further steps for each KB: one or two secrets
TEXT = 80  # steps to read one text, however short it is
CHARACTERS_A_STEP = 10
CANDIDATE = 20  # steps to look at a place that a rule looks at
SECRET = 30  # steps to replace one
PIECE = 8192  # characters that are searched at once: all that is found there is listed
OVERLAP = 256
MOST_NAMES = 4096  # that are remembered as read


class Spent(Exception):
    """The request has had its share of work."""


class Work:
    """The steps that are left, and the names that were read before and whose outcome is cached."""

    __slots__ = ("left", "names")

    def __init__(self, size: int) -> None:
        """The share of a request, or of a text alone, of so many bytes."""
        self.left = BASE + size * STEPS_A_KB // 1000
        self.names: set[str] = set()

    def take(self, steps: int) -> None:
        """Count the steps. Raises Spent."""
        self.left -= steps
        if self.left < 0:
            raise Spent

    def read(self, area: Area) -> None:
        """Count what it takes to search an area of a text, whatever is in it. Raises Spent."""
        self.take(TEXT + sum(end - start for start, end in area) // CHARACTERS_A_STEP)

    def read_name(self, name: str) -> bool:
        """Count the reading of a name; returns whether it is new to this request, and in no cache. Raises Spent."""
        if name in self.names:
            self.take(2)
            return False
        if len(self.names) >= MOST_NAMES:
            self.names.clear()
        self.names.add(name)
        self.take(TEXT + len(name))
        return True

    def hits(self, find: Find, text: str, area: Area, steps: int, beyond: int = 0) -> list[Hit]:
        """
        What begins in the area, or so far beyond one of its ranges, each for so many steps.

        Texts are searched piece by piece, so that no more is listed than there is work for. Raises Spent.
        """
        found: list[Hit] = []
        for first, last in area:
            for start in range(first, last + beyond, PIECE):
                end = min(start + PIECE, last + beyond)
                piece = text if end - start > len(text) else text[start : end + OVERLAP]
                hits = find(piece)
                self.take(len(hits) * steps)
                found += [(number, at + start, to + start) for number, at, to in hits if at + start < end]
        return found
