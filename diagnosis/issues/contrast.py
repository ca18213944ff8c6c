"""
What failing records share that healthy ones of the same operations do not: one count of attribute x value x failed.

Judged by a G-test of independence (https://en.wikipedia.org/wiki/G-test) with a guard against many comparisons
(Bonferroni), support of three failures and a lift of 1.5 at least. "Not set" is a value too; identifiers are left
out, and pairs are made of the strongest values only. Often there is nothing to say, and then nothing is said.
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
BETTER = 1.1  # times the G of the stronger value: what a pair must add
REPEATED = 5  # records a value; below it on average, the values of an attribute are identifiers

RecordFacts = Mapping[str, str]
Value = tuple[str, str | None]  # an attribute and its value; None: not set


@dataclass(frozen=True, slots=True)
class Hint:
    """Records with these values fail more often than the operation does."""

    values: tuple[Value, ...]  # one, or two that must meet
    support: int  # failures with them, of those that were looked at
    records: int  # all records with them, of those that were looked at
    lift: float  # failure rate with them over that of the operation
    g: float

    @property
    def p(self) -> float:
        """The chance of such a table when the values have nothing to do with failing; one degree of freedom."""
        return math.erfc(math.sqrt(self.g / 2))

    def shown(self) -> dict[str, Any]:
        """The hint as the packet shows it."""
        (attribute, value), *others = self.values
        return {
            "attribute": attribute,
            "value": value,
            "also": [{"attribute": other, "value": its} for other, its in others],
            "support": self.support,
            "records": self.records,
            "lift": round(self.lift, 2),
        }


class ValueCounts:
    """How many records have which value."""

    def __init__(self, rows: Iterable[RecordFacts] = ()) -> None:
        self.rows = list(rows)
        self.values: Counter[tuple[str, str]] = Counter(pair for row in self.rows for pair in row.items())
        self.attributes: Counter[str] = Counter()
        for (attribute, _), n in self.values.items():
            self.attributes[attribute] += n

    def __len__(self) -> int:
        return len(self.rows)

    def having(self, value: Value) -> int:
        """How many have it, or have it not set."""
        attribute, its = value
        return self.values[attribute, its] if its is not None else len(self) - self.attributes[attribute]

    def having_all(self, values: tuple[Value, ...]) -> int:
        """How many have all of these."""
        return sum(all(row.get(attribute) == its for attribute, its in values) for row in self.rows)


@dataclass(frozen=True, slots=True)
class FailedAndHealthy:
    """The records that failed one way and those that did not, as they were sampled, and the share that fails."""

    failed: ValueCounts
    healthy: ValueCounts
    share: float  # of the operation's records that fail this way

    def hint(self, values: tuple[Value, ...], failed: int, healthy: int) -> Hint:
        """What the counts of these values say."""
        fails, runs = failed / len(self.failed) * self.share, healthy / len(self.healthy) * (1 - self.share)
        lift = fails / (fails + runs) / self.share if fails else 0.0
        g = g_test(failed, failed + healthy, len(self.failed), len(self.failed) + len(self.healthy))
        return Hint(values, failed, failed + healthy, lift, g)


def judge(sides: FailedAndHealthy) -> list[Hint]:
    """The strongest hints, at most MOST. Pure."""
    if len(sides.failed) < SUPPORT or not len(sides.healthy):
        return []
    tested = [hint for value in candidates(sides) if (hint := single(sides, value)).records >= SUPPORT]
    sure = [hint for hint in tested if is_sure(hint, len(tested))]
    sure.sort(key=order)
    return sorted([*pairs(sides, tested, sure), *sure], key=order)[:MOST]


def order(hint: Hint) -> tuple[Any, ...]:
    """Strongest first; of equals the shorter, then by name."""
    return -round(hint.g, 6), len(hint.values), [(name, value or "") for name, value in hint.values]


def is_sure(hint: Hint, tests: int) -> bool:
    """Neither chance nor a trifle."""
    return hint.support >= SUPPORT and hint.lift >= LIFT and hint.p < CHANCE / max(tests, 1)


def single(sides: FailedAndHealthy, value: Value) -> Hint:
    """The hint of one value."""
    return sides.hint((value,), sides.failed.having(value), sides.healthy.having(value))


def candidates(sides: FailedAndHealthy) -> list[Value]:
    """The values of every attribute that is no identifier and that not all records share."""
    values: dict[str, set[str | None]] = defaultdict(set)
    for attribute, value in (*sides.failed.values, *sides.healthy.values):
        values[attribute].add(value)
    total = len(sides.failed) + len(sides.healthy)
    found: list[Value] = []
    for attribute, its in sorted(values.items()):
        set_on = sides.failed.attributes[attribute] + sides.healthy.attributes[attribute]
        if set_on < total:
            found.append((attribute, None))
        if set_on >= REPEATED * len(its) and (len(its) > 1 or set_on < total):
            found += [(attribute, value) for value in sorted(filter(None, its))]
    return found


def pairs(sides: FailedAndHealthy, tested: list[Hint], sure: list[Hint]) -> list[Hint]:
    """
    Two of the strongest values, where they say clearly more together.

    Where neither is sure, the guard counts every pair there could be: the strongest were chosen by the same records.
    """
    strongest = sorted((hint for hint in tested if hint.lift > 1), key=order)[:STRONGEST]
    chosen = STRONGEST if sure else len(tested)
    tests = len(tested) + chosen * (chosen - 1) // 2
    found = []
    for one, other in combinations(strongest, 2):
        values, least = (*one.values, *other.values), BETTER * max(one.g, other.g)
        if one.values[0][0] == other.values[0][0]:
            continue
        failed = sides.failed.having_all(values)
        best = sides.hint(
            values, failed, 0
        )  # failures are few: most pairs end here, before the healthy are read
        if best.g <= least or not is_sure(best, tests):
            continue
        pair = sides.hint(values, failed, sides.healthy.having_all(values))
        if pair.g > least and is_sure(pair, tests):
            found.append(pair)
    return found


def g_test(failed: int, n: int, failures: int, records: int) -> float:
    """G of the table (with the value or without) x (failed or not), never below 0."""
    observed = (failed, n - failed, failures - failed, records - n - failures + failed)
    margins = (
        (n, failures),
        (n, records - failures),
        (records - n, failures),
        (records - n, records - failures),
    )
    pairs = zip(observed, margins, strict=True)
    g = 2 * sum(o * math.log(o * records / (row * column)) for o, (row, column) in pairs if o)
    return max(g, 0.0)
