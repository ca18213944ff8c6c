"""
The search for hints in the facts of some failures and some other records of the same operations.

Each value is judged by a G-test of independence (https://en.wikipedia.org/wiki/G-test) and, since counts are small, by
Fisher's exact test, with Bonferroni's correction for the number of tests. Combinations are made of the strongest
values, and of those that nearly all failures share: neither half of a pair needs to tell anything alone. The number of
tests counts every combination that could have been made, because the same records decided which were. Identifiers are
left out; "not set" is a value too.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from statistics import NormalDist
from typing import Any, NamedTuple

from diagnosis.issues.hints.facts import CONTENT, RecordFacts
from diagnosis.issues.hints.hint import Value

SUPPORT, LIFT, CHANCE = 3, 1.5, 0.01
LENIENT = 10  # times CHANCE: what is found in a part of the records is judged again by all of them
STRONGEST = 24  # values that combinations are made of, and so many of those that failures share
SHARED = 0.9  # of the failures: that many share a value
MOST_VALUES = 3  # of a combination
EXTENDED = 3  # combinations of each size that are tried with one more value
FOUND = 8  # that are judged by all records
BETTER = 1.1  # times the G of the best part of a combination, which the combination must exceed
REPEATED = 5  # records a value on average; with fewer, an attribute holds identifiers


class Candidate(NamedTuple):
    """Values that may be a hint, with the number of tests among which they were found, and their G in the sample."""

    values: tuple[Value, ...]
    tests: int
    g: float


class ValueCounts:
    """Records, counted by attribute and value."""

    def __init__(self, rows: Iterable[RecordFacts] = ()) -> None:
        self.rows = list(rows)
        self.values: Counter[tuple[str, str]] = Counter(chain.from_iterable(row.items() for row in self.rows))
        self.attributes: Counter[str] = Counter()
        for (attribute, _), n in self.values.items():
            self.attributes[attribute] += n

    def __len__(self) -> int:
        return len(self.rows)

    def having(self, value: Value) -> int:
        """The number of records with this value, or, for None, without the attribute."""
        attribute, text = value
        return self.values[attribute, text] if text is not None else len(self) - self.attributes[attribute]

    def masks(self, values: Iterable[Value]) -> dict[Value, int]:
        """A number for each of these values: its byte at the place of a record is 1 if the record has the value."""
        marks: dict[str, dict[str | None, bytearray]] = defaultdict(dict)
        for attribute, text in values:
            marks[attribute][text] = bytearray(len(self))
        for place, row in enumerate(self.rows):
            for attribute, by_text in marks.items():
                if (mark := by_text.get(row.get(attribute))) is not None:
                    mark[place] = 1
        return {
            (attribute, text): int.from_bytes(mark)
            for attribute, by_text in marks.items()
            for text, mark in by_text.items()
        }


@dataclass(frozen=True, slots=True)
class FailedAndOthers:
    """The facts of some failures and of some other records of the same operations."""

    failed: ValueCounts
    others: ValueCounts

    def scored(self, values: tuple[Value, ...], failed: int, others: int) -> Scored:
        """The values, which so many of the failures and of the others have, with their G."""
        sizes = len(self.failed), len(self.others)
        return Scored(values, failed, others, g_test(failed, failed + others, sizes[0], sum(sizes)))

    def is_enriched(self, scored: Scored) -> bool:
        """Whether the failures have the values more often than the others, and often enough."""
        return scored.failed >= SUPPORT and scored.failed * len(self.others) > scored.others * len(
            self.failed
        )


class Scored(NamedTuple):
    """Values with the numbers of failures and of others that have them, and the G of this table."""

    values: tuple[Value, ...]
    failed: int
    others: int
    g: float

    @property
    def order(self) -> tuple[Any, ...]:
        """The sort key: strongest first; equally strong ones by number of values, then by name."""
        return strength_order(self.g, self.values)


def strength_order(g: float, values: tuple[Value, ...]) -> tuple[Any, ...]:
    """The sort key of values by their G: strongest first; equal ones by number of values, then by name."""
    return -round(g, 6), len(values), [(name, value or "") for name, value in values]


@dataclass(slots=True)
class Combinations:
    """The values that combinations are made of, with the records that have them as numbers."""

    sides: FailedAndOthers
    pool: list[Scored]
    failed: dict[Value, int] = field(init=False)
    others: dict[Value, int] = field(init=False)

    def __post_init__(self) -> None:
        values = [scored.values[0] for scored in self.pool]
        self.failed, self.others = self.sides.failed.masks(values), self.sides.others.masks(values)
        alike: dict[tuple[int, int], Scored] = {}
        for scored in self.pool:  # of values that the same records have, one is enough
            alike.setdefault((self.failed[scored.values[0]], self.others[scored.values[0]]), scored)
        self.pool = list(alike.values())

    def of(self, parts: Sequence[Scored], least_g: float) -> Scored | None:
        """The parts together, if their G is greater than that of each by BETTER, and than `least_g`; else None."""
        values = tuple(dict.fromkeys(value for part in parts for value in part.values))
        if len({name for name, _ in values}) < len(values):
            return None
        least = max(least_g, BETTER * max(part.g for part in parts))
        failed = common(self.failed, values)
        # As if no other record had them. It rules out most combinations before the others are counted.
        if failed < SUPPORT or self.sides.scored(values, failed, 0).g <= least:
            return None
        scored = self.sides.scored(values, failed, common(self.others, values))
        return scored if scored.g > least else None


def common(masks: dict[Value, int], values: tuple[Value, ...]) -> int:
    """How many records have all of these values."""
    first, *others = (masks[value] for value in values)
    for mask in others:
        first &= mask
    return first.bit_count()


def find_candidates(sides: FailedAndOthers) -> list[Candidate]:
    """The values and combinations that may be hints, FOUND at most, strongest first. Pure."""
    if len(sides.failed) < SUPPORT or not len(sides.others):
        return []
    singles = [
        sides.scored((value,), sides.failed.having(value), sides.others.having(value))
        for value in candidate_values(sides)
    ]
    singles = [scored for scored in singles if scored.failed + scored.others >= SUPPORT]
    enriched = [scored for scored in singles if sides.is_enriched(scored)]
    enriched.sort(key=lambda scored: scored.order)
    tests = len(singles)
    candidates = [
        Candidate(scored.values, tests, scored.g) for scored in enriched if scored.g > least_g(tests)
    ]
    candidates += found_combinations(sides, enriched, tests)
    return sorted(candidates, key=lambda found: strength_order(found.g, found.values))[:FOUND]


def found_combinations(sides: FailedAndOthers, enriched: Sequence[Scored], tests: int) -> Iterable[Candidate]:
    """The combinations of two and more enriched values that are clearly stronger than their parts."""
    made = Combinations(sides, combinable(sides, enriched))
    number = tests * (tests - 1) // 2 + tests
    pairs = (made.of(parts, least_g(number)) for parts in combinations(made.pool, 2))
    found = sorted(filter(None, pairs), key=lambda scored: scored.order)
    for size in range(2, MOST_VALUES + 1):
        yield from (Candidate(scored.values, number, scored.g) for scored in found)
        number += math.comb(tests, size + 1)
        longer = (
            made.of((scored, single), least_g(number)) for scored in found[:EXTENDED] for single in made.pool
        )
        distinct = {frozenset(scored.values): scored for scored in filter(None, longer)}
        found = sorted(distinct.values(), key=lambda scored: scored.order)


def combinable(sides: FailedAndOthers, enriched: Sequence[Scored]) -> list[Scored]:
    """The strongest values, and of those that nearly all failures share the ones that fewest others have."""
    shared = [scored for scored in enriched if scored.failed >= SHARED * len(sides.failed)]
    shared.sort(key=lambda scored: (scored.others, scored.order))
    return list(dict.fromkeys([*enriched[:STRONGEST], *shared[:STRONGEST]]))


def candidate_values(sides: FailedAndOthers) -> list[Value]:
    """The values to test: those of each attribute that holds no identifiers, and "not set" where records lack it."""
    values: dict[str, set[str]] = defaultdict(set)
    for attribute, value in (*sides.failed.values, *sides.others.values):
        values[attribute].add(value)
    total = len(sides.failed) + len(sides.others)
    testable: list[Value] = []
    for attribute, texts in sorted(values.items()):
        set_on = sides.failed.attributes[attribute] + sides.others.attributes[attribute]
        if set_on < total:
            testable.append((attribute, None))
        # A value that all records share distinguishes nothing.
        if set_on >= REPEATED * len(texts) and (len(texts) > 1 or set_on < total):
            testable += [(attribute, value) for value in sorted(texts - {CONTENT})]
    return testable


def least_g(tests: int) -> float:
    """The G that a candidate must exceed, found among so many tests."""
    return g_of_chance(LENIENT * CHANCE / max(tests, 1))


def g_of_chance(chance: float) -> float:
    """The G that is exceeded with this chance if the values are independent of failing; one degree of freedom."""
    return NormalDist().inv_cdf(chance / 2) ** 2


def g_test(failed: int, n: int, failures: int, records: int) -> float:
    """The G statistic of the table (with the value or without) x (failed or not), never below 0."""
    observed = (failed, n - failed, failures - failed, records - n - failures + failed)
    margins = (
        (n, failures),
        (n, records - failures),
        (records - n, failures),
        (records - n, records - failures),
    )
    cells = zip(observed, margins, strict=True)
    g = 2 * sum(o * math.log(o * records / (row * column)) for o, (row, column) in cells if o)
    return max(g, 0.0)
