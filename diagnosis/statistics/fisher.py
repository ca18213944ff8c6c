"""Fisher's exact test, one-sided: https://en.wikipedia.org/wiki/Fisher%27s_exact_test."""

from __future__ import annotations

import math
from typing import NamedTuple

from diagnosis.statistics.rates import Counts


class WindowCounts(NamedTuple):
    """Failures of one kind and the exposure to them, in a window and in the one before it."""

    now: Counts
    before: Counts

    @property
    def ratio(self) -> float:
        """The rate now over the rate before; 0 and 1 stand for a rate of no exposure or no failure before."""
        return (self.now.rate or 0) / (self.before.rate or 1)


def p_value(counts: WindowCounts) -> float:
    """The chance of so many failures now, or more, if those of both windows fell on any of their records alike."""
    now, before = counts
    failures = now.failures + before.failures
    ways = sum(
        math.comb(now.exposure, k) * math.comb(before.exposure, failures - k)
        for k in range(now.failures, failures + 1)
    )
    return ways / math.comb(now.exposure + before.exposure, failures)
