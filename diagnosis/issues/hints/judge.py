"""
The judgement of candidates by all records that were read: which are hints, with what numbers.

Where all records of the operations were read, the numbers are counts. Else they are estimates with an interval: the
shares of the failures and of the other records that have the values, each with its Clopper-Pearson interval, weighted
by how many there are of both in the window.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

from diagnosis.issues.hints.hint import Hint, HintRanges, HintTable, Range, Value
from diagnosis.issues.hints.search import BETTER, CHANCE, LIFT, SUPPORT, Candidate, g_test, strength_order
from diagnosis.statistics.rates import odds

MOST = 3


@dataclass(frozen=True, slots=True)
class WindowTotals:
    """The failures of a cluster and all records of its operations in a window."""

    failures: int
    records: int


class ReadSides(Protocol):
    """The failures and the other records that were read for a cluster."""

    totals: WindowTotals
    is_whole: bool  # all of both were read

    def table(self, values: tuple[Value, ...]) -> HintTable:
        """How many of both have all of these values."""

    def repetition(self, values: tuple[Value, ...]) -> float:
        """How many times more the share of the others with these values varies than that of records drawn singly."""


def judged_hints(sides: ReadSides, candidates: Iterable[Candidate]) -> list[Hint]:
    """The candidates that are hints by all records that were read, strongest first, MOST at most."""
    hints = []
    for candidate in candidates:
        hint = counted_hint(sides, candidate.values)
        if is_sure(hint, candidate.tests) and is_better_than_parts(sides, hint):
            hints.append(hint)
    return sorted(hints, key=lambda hint: strength_order(hint.g, hint.values))[:MOST]


def is_sure(hint: Hint, tests: int) -> bool:
    """Whether support and lift are large enough and the hint is significant after Bonferroni's correction."""
    return hint.table.failed >= SUPPORT and hint.lift >= LIFT and hint.p < CHANCE / max(tests, 1)


def is_better_than_parts(sides: ReadSides, hint: Hint) -> bool:
    """Whether a combination is clearly stronger than each that lacks one of its values."""
    parts = combinations(hint.values, len(hint.values) - 1) if len(hint.values) > 1 else ()
    return all(hint.g > BETTER * g_of_table(sides.table(part)) for part in parts)


def counted_hint(sides: ReadSides, values: tuple[Value, ...]) -> Hint:
    """The hint of these values, with the numbers of the window."""
    table, totals = sides.table(values), sides.totals
    support = scaled(table.failed, table.failures_read, totals.failures)
    others = scaled(table.others, table.others_read, totals.records - totals.failures)
    return Hint(
        values,
        round(support),
        round(support) + round(others),
        totals.failures,
        totals.records,
        table,
        g_of_table(table),
        None if sides.is_whole else ranges(table, totals, sides.repetition(values)),
    )


def scaled(hits: int, read: int, total: int) -> float:
    """The number among all, given how many of those that were read."""
    return hits if read == total else hits / max(read, 1) * total


def g_of_table(table: HintTable) -> float:
    """The G of the table."""
    records = table.failures_read + table.others_read
    return g_test(table.failed, table.failed + table.others, table.failures_read, records)


def ranges(table: HintTable, totals: WindowTotals, repetition: float) -> HintRanges:
    """The intervals of 95 % of the estimates; a number that was counted is its own interval."""
    others_total = totals.records - totals.failures
    support = count_range(table.failed, table.failures_read, totals.failures, 1)
    others = count_range(table.others, table.others_read, others_total, repetition)
    lifts = (
        lift(support[0], others[1], totals),
        lift(support[1], others[0], totals),
    )
    return HintRanges(support, (support[0] + others[0], support[1] + others[1]), lifts)


def count_range(hits: int, read: int, total: int, repetition: float) -> Range:
    """The interval of the number among all, given how many of those that were read, and how far these repeat."""
    if read == total:
        return hits, hits
    low, high = odds(hits / repetition, (read - hits) / repetition)
    shares = low / (1 + low), high / (1 + high) if math.isfinite(high) else 1.0
    return max(hits, shares[0] * total), min(total - (read - hits), shares[1] * total)


def lift(support: float, others: float, totals: WindowTotals) -> float:
    """The failure rate of the records with the values over that of all."""
    if not support:
        return 0.0
    return support / (support + others) * totals.records / totals.failures
