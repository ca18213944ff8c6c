"""The failures of a cluster beside the other records of its operations, as far as they were read."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from diagnosis.issues.hints.contents import RecordContents
from diagnosis.issues.hints.hint import HintTable, Value
from diagnosis.issues.hints.judge import WindowTotals
from diagnosis.issues.hints.population import Population
from diagnosis.issues.hints.search import FailedAndOthers, ValueCounts
from diagnosis.window.traffic import ServiceOperation

CHECKSUMS = 1 << 32  # of CRC-32
Numbers = Sequence[int]  # of records in their contents


@dataclass
class ComparedRecords:
    """Both sides of a comparison; `is_whole` if all records of the operations were read."""

    contents: RecordContents
    population: Population
    places: Sequence[ServiceOperation]
    failed: Numbers
    others: Numbers
    totals: WindowTotals
    is_whole: bool

    @cached_property
    def sides(self) -> tuple[frozenset[int], frozenset[int]]:
        """The failures and the others."""
        return frozenset(self.failed), frozenset(self.others)

    def having(self, values: tuple[Value, ...]) -> frozenset[int]:
        """The records of the operations with all of these values."""
        return frozenset().union(*(self.contents.having_all(place, values) for place in self.places))

    def table(self, values: tuple[Value, ...]) -> HintTable:
        """How many of both sides have all of these values."""
        having = self.having(values)
        failed, others = (len(having & side) for side in self.sides)
        return HintTable(failed, others, len(self.failed), len(self.others))

    def repetition(self, values: tuple[Value, ...]) -> float:
        """
        How many times more the share of the others with these values varies than that of records drawn singly.

        They were drawn a piece of time at a time.
        """
        having = self.having(values)
        pieces: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
        for number in self.others:
            piece = self.population.piece_of(self.contents.rows[number])
            hits, read = pieces[piece]
            pieces[piece] = hits + (number in having), read + 1
        return design_effect(pieces.values())

    def sampled(self, failures: int, others: int) -> FailedAndOthers:
        """The facts of at most so many of the failures, and of about so many of the others."""
        step = max(1, -(-len(self.failed) // failures))
        return FailedAndOthers(
            ValueCounts(map(self.contents.facts, self.failed[::step])),
            ValueCounts(map(self.contents.facts, self.drawn_others(others))),
        )

    def drawn_others(self, number: int) -> Numbers:
        """About so many of the others, chosen by a hash of their ids; all of them if there are no more."""
        if len(self.others) <= number:
            return self.others
        limit = CHECKSUMS * number // len(self.others)
        keys = self.contents.keys
        return [each for each in self.others if zlib.crc32(keys[each]) < limit]


def design_effect(pieces: Iterable[tuple[int, int]]) -> float:
    """
    The variance of the share of hits over that of as many independent draws, at least 1; each piece has hits and size.

    Where all pieces agree, they count as one draw each: https://en.wikipedia.org/wiki/Design_effect
    """
    known = list(pieces)
    hits, size = (sum(column) for column in zip(*known, strict=True)) if known else (0, 0)
    if len(known) < 2 or hits in (0, size):
        return max(1.0, size / max(len(known), 1))
    share = hits / size
    squares = sum((own - share * read) ** 2 for own, read in known)
    variance = squares * len(known) / (len(known) - 1) / size**2
    return max(1.0, variance / (share * (1 - share) / size))
