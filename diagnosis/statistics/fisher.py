"""Fisher's exact test, one-sided: https://en.wikipedia.org/wiki/Fisher%27s_exact_test."""

from __future__ import annotations

import math
from typing import NamedTuple

from diagnosis.statistics.rates import Counts


class WindowCounts(NamedTuple):
    """Failures of one kind and their exposure, in a window and in the one before it."""

    now: Counts
    before: Counts

    @property
    def ratio(self) -> float:
        """The rate now over the rate before; no rate now counts as 0, no rate or a rate of 0 before counts as 1."""
        return (self.now.rate or 0) / (self.before.rate or 1)


def p_value(counts: WindowCounts) -> float:
    """The chance of so many failures now, or more, if all failures of both windows fell on their records at random."""
    now, before = counts
    failures = now.failures + before.failures
    ways = sum(
        math.comb(now.exposure, k) * math.comb(before.exposure, failures - k)
        for k in range(now.failures, failures + 1)
    )
    return ways / math.comb(now.exposure + before.exposure, failures)
