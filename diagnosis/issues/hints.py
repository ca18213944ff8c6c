"""
Attribute values that failing records have more often than healthy records of the same operations.

Each value is judged by a G-test of independence (https://en.wikipedia.org/wiki/G-test) with Bonferroni's correction
for the number of tests, and needs a support of three failures and a lift of 1.5 at least. "Not set" is a value too;
identifiers are left out, and pairs are made of the strongest values only. Often there are no hints.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

SUPPORT, LIFT, CHANCE = 3, 1.5, 0.01
MOST = 3
STRONGEST = 8  # values that pairs are made of
BETTER = 1.1  # times the G of the stronger value, which a pair must exceed
REPEATED = 5  # records a value on average; with fewer, an attribute holds identifiers

RecordFacts = Mapping[str, str]
Value = tuple[str, str | None]  # an attribute and its value; None: not set


@dataclass(frozen=True, slots=True)
class Hint:
    """One value, or a pair of values, whose records fail more often than the operation does."""

    values: tuple[Value, ...]  # one, or two that a record must have together
    support: int  # failures with them in the sample
    records: int  # all records with them in the sample
    lift: float  # failure rate with them over that of the operation
    g: float

    @property
    def p(self) -> float:
        """The p-value: the chance of such a table if the values are independent of failing; one degree of freedom."""
        return math.erfc(math.sqrt(self.g / 2))

    def shown(self) -> dict[str, Any]:
        """The hint as the packet shows it."""
        (attribute, value), *further = self.values
        return {
            "attribute": attribute,
            "value": value,
            "also": [{"attribute": name, "value": text} for name, text in further],
            "support": self.support,
            "records": self.records,
            "lift": round(self.lift, 2),
        }


class ValueCounts:
    """Records, counted by attribute and value."""

    def __init__(self, rows: Iterable[RecordFacts] = ()) -> None:
        self.rows = list(rows)
        self.values: Counter[tuple[str, str]] = Counter(pair for row in self.rows for pair in row.items())
        self.attributes: Counter[str] = Counter()
        for (attribute, _), n in self.values.items():
            self.attributes[attribute] += n

    def __len__(self) -> int:
        return len(self.rows)

    def having(self, value: Value) -> int:
        """The number of records with this value, or, for None, without the attribute."""
        attribute, text = value
        return self.values[attribute, text] if text is not None else len(self) - self.attributes[attribute]

    def having_all(self, values: tuple[Value, ...]) -> int:
        """The number of records with all of these values."""
        return sum(all(row.get(attribute) == text for attribute, text in values) for row in self.rows)


@dataclass(frozen=True, slots=True)
class FailedAndHealthy:
    """Samples of the failing and the healthy records of a cluster's operations, and the share that fails."""

    failed: ValueCounts
    healthy: ValueCounts
    share: float  # of the operation's records that fail this way

    def hint(self, values: tuple[Value, ...], failed: int, healthy: int) -> Hint:
        """The hint for these values, which so many failed and healthy records of the samples have."""
        failing_share = failed / len(self.failed) * self.share
        healthy_share = healthy / len(self.healthy) * (1 - self.share)
        lift = failing_share / (failing_share + healthy_share) / self.share if failing_share else 0.0
        g = g_test(
            failed,
            failed + healthy,
            len(self.failed),
            len(self.failed) + len(self.healthy),
        )
        return Hint(values, failed, failed + healthy, lift, g)


def strongest_hints(sides: FailedAndHealthy) -> list[Hint]:
    """The strongest hints, MOST at most. Pure."""
    if len(sides.failed) < SUPPORT or not len(sides.healthy):
        return []
    hints = [hint for value in candidate_values(sides) if (hint := single(sides, value)).records >= SUPPORT]
    significant = [hint for hint in hints if is_sure(hint, len(hints))]
    significant.sort(key=hint_order)
    return sorted([*value_pairs(sides, hints, significant), *significant], key=hint_order)[:MOST]


def hint_order(hint: Hint) -> tuple[Any, ...]:
    """The sort key of hints: strongest first; equally strong ones by number of values, then by name."""
    return -round(hint.g, 6), len(hint.values), [(name, value or "") for name, value in hint.values]


def is_sure(hint: Hint, tests: int) -> bool:
    """Whether support and lift are large enough and the hint is significant after Bonferroni's correction."""
    return hint.support >= SUPPORT and hint.lift >= LIFT and hint.p < CHANCE / max(tests, 1)


def single(sides: FailedAndHealthy, value: Value) -> Hint:
    """The hint of one value."""
    return sides.hint((value,), sides.failed.having(value), sides.healthy.having(value))


def candidate_values(sides: FailedAndHealthy) -> list[Value]:
    """The values to test: those of each attribute that holds no identifiers, and "not set" where records lack it."""
    values: dict[str, set[str | None]] = defaultdict(set)
    for attribute, value in (*sides.failed.values, *sides.healthy.values):
        values[attribute].add(value)
    total = len(sides.failed) + len(sides.healthy)
    testable: list[Value] = []
    for attribute, texts in sorted(values.items()):
        set_on = sides.failed.attributes[attribute] + sides.healthy.attributes[attribute]
        if set_on < total:
            testable.append((attribute, None))
        # A value that all records share distinguishes nothing.
        if set_on >= REPEATED * len(texts) and (len(texts) > 1 or set_on < total):
            testable += [(attribute, value) for value in sorted(filter(None, texts))]
    return testable


def value_pairs(sides: FailedAndHealthy, singles: list[Hint], significant: list[Hint]) -> list[Hint]:
    """
    The hints of two of the strongest values that are clearly stronger together than either alone.

    Where no single value is significant, the correction counts every possible pair, since the same records decided
    which values are the strongest.
    """
    strongest = sorted((hint for hint in singles if hint.lift > 1), key=hint_order)[:STRONGEST]
    pool_size = STRONGEST if significant else len(singles)
    tests = len(singles) + pool_size * (pool_size - 1) // 2
    hints = []
    for first, second in combinations(strongest, 2):
        values, least = (*first.values, *second.values), BETTER * max(first.g, second.g)
        if first.values[0][0] == second.values[0][0]:
            continue
        failed = sides.failed.having_all(values)
        # The best case, as if no healthy record had them. It rules out most pairs before healthy records are counted.
        best = sides.hint(values, failed, 0)
        if best.g <= least or not is_sure(best, tests):
            continue
        pair = sides.hint(values, failed, sides.healthy.having_all(values))
        if pair.g > least and is_sure(pair, tests):
            hints.append(pair)
    return hints


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
