"""
Whether a cluster is new, rising, steady or falling, against the window of the same length before.

Failures of one operation take turns: what fails the operation in one window under one name may do so in the next
under another. Where the operation as a whole fails no more often than before, a few more of one kind are `steady`,
if they can be chance: https://en.wikipedia.org/wiki/Fisher%27s_exact_test.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from diagnosis.rates import Counts

RISING, FALLING = 2.0, 0.5  # times the rate before
ENOUGH = 3  # more or fewer records; below it a change of rate is chance
FEW, CHANCE = (
    20,
    0.05,
)  # of one kind: so many at most, and with such a chance, had it been as frequent as before


class Sides(NamedTuple):
    """The same failures among the same operations, in two windows."""

    now: Counts
    before: Counts

    @property
    def ratio(self) -> float:
        """Of the rates; there were failures before, and something runs."""
        return (self.now.rate or 0) / (self.before.rate or 1)


def trend(cluster: Sides, operation: Sides | None = None) -> str:
    """`new` where the window before had none of it; else by rate over exposure, so that traffic alone is no trend."""
    found = of_rate(cluster)
    if operation and found in ("new", "rising") and takes_turns(cluster, operation):
        return "steady"
    return found


def of_rate(cluster: Sides) -> str:
    """The trend of the cluster alone."""
    now, before = cluster
    if not before.failures:
        return "new"
    if abs(now.failures - before.failures) < ENOUGH or not now.exposure or not before.exposure:
        return "steady"
    if cluster.ratio >= RISING:
        return "rising"
    return "falling" if cluster.ratio <= FALLING else "steady"


def takes_turns(cluster: Sides, operation: Sides) -> bool:
    """Whether the operation failed in other ways before, fails no more often now, and this kind may be chance."""
    failed_otherwise = operation.before.failures > cluster.before.failures
    return (
        failed_otherwise and operation.ratio <= 1 and cluster.now.failures <= FEW and chance(cluster) > CHANCE
    )


def chance(cluster: Sides) -> float:
    """Of so many now, or more, if the failures of both windows fell on any of their records alike (Fisher's test)."""
    now, before = cluster
    failures = now.failures + before.failures
    ways = sum(
        math.comb(now.exposure, k) * math.comb(before.exposure, failures - k)
        for k in range(now.failures, failures + 1)
    )
    return ways / math.comb(now.exposure + before.exposure, failures)
