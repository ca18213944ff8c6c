"""
Failures over exposure, and the exact interval of the ratio of two such rates.

Given k failures in all, the number after the fix is Binomial(k, n1 / (n0 + n1)) if the rate did not change
(Przyborowski and Wilenski 1940, https://doi.org/10.1093/biomet/31.3-4.313). The exact interval of that share
(Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404) becomes that of the ratio of the rates.
R's poisson.test computes the same: https://stat.ethz.ch/R-manual/R-devel/library/stats/html/poisson.test.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnosis.statistics.beta import log_odds_quantile


@dataclass(frozen=True, slots=True)
class Counts:
    """Failures among the records of an operation in one window."""

    failures: int
    exposure: int

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.exposure:
            raise ValueError(f"{self.failures} failures of {self.exposure} records")

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.failures + other.failures, self.exposure + other.exposure)

    @property
    def rate(self) -> float | None:
        """Failures per record; None if nothing ran."""
        return self.failures / self.exposure if self.exposure else None


@dataclass(frozen=True, slots=True)
class Tails:
    """The chance that each bound of an interval errs."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """The rate after over the rate before: the estimate (None without a failure before) and its interval."""

    estimate: float | None
    low: float
    high: float


USUAL = Tails(0.025, 0.025)


def rate_ratio(
    before: Counts, after: Counts, tails: Tails = USUAL, inflation: tuple[float, float] = (1, 1)
) -> Ratio:
    """
    The ratio of the rates with its interval, exact for `inflation` 1; 0 to infinity when the counts say nothing.

    Args:
        inflation: the divisors of the counts before and after, since failures vary more than counts of
            independent events do (quasi-likelihood: https://doi.org/10.1093/biomet/61.3.439).
    """
    if not (before.exposure and after.exposure):
        return Ratio(None, 0.0, math.inf)
    scale = before.exposure / after.exposure
    estimate = after.failures / before.failures * scale if before.failures else None
    low = lower_odds(after.failures / inflation[1], before.failures / inflation[0], tails.low)
    scale *= inflation[1] / inflation[0]
    return Ratio(estimate, low * scale, most_ratio(before, after, tails.high, inflation))


def most_ratio(before: Counts, after: Counts, tail: float, inflation: tuple[float, float] = (1, 1)) -> float:
    """The upper bound of `rate_ratio` alone, which takes half of its time; `tail` is the chance that it errs."""
    if not (before.exposure and after.exposure):
        return math.inf
    scale = before.exposure / after.exposure * (inflation[1] / inflation[0])
    most = lower_odds(before.failures / inflation[0], after.failures / inflation[1], tail)
    return 1 / most * scale if most else math.inf


def odds(hits: float, misses: float, tails: Tails = USUAL) -> tuple[float, float]:
    """The Clopper-Pearson interval of the share of hits, as odds."""
    most = lower_odds(misses, hits, tails.high)
    return lower_odds(hits, misses, tails.low), 1 / most if most else math.inf


def share_interval(hits: int, misses: int) -> tuple[float, float]:
    """The Clopper-Pearson interval of the share of hits, 0 to 1 where there are neither."""
    if not hits + misses:
        return 0.0, 1.0
    low, high = odds(hits, misses)
    return low / (1 + low), high / (1 + high) if high < math.inf else 1.0


def lower_odds(hits: float, misses: float, tail: float) -> float:
    """The lower bound of the share of hits, as odds; the upper bound is 1 over the lower bound of the misses."""
    return math.exp(log_odds_quantile(tail, hits, misses + 1)) if hits else 0.0
