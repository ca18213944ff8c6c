"""
How much more a count of failures varies than a count of independent ones would.

Failures of one session come together: the variance over sessions by that of independent records is the design effect
(Kish 1965; as a test of counts, Rao and Scott 1992, https://doi.org/10.2307/2532311). Failures also come in bursts: a
window is cut into a dozen batches (Schmeiser 1982, https://doi.org/10.1287/opre.30.3.556: ten to thirty do for a window
of any length, and fewer than eight or so say little), and what their rates vary beyond chance is the variance of a
factor with mean 1, as in the negative binomial law (Breslow 1984, https://doi.org/10.2307/2347661).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from diagnosis.statistics.beta import log_odds_quantile
from diagnosis.statistics.rates import Counts, Tails

BATCHES = 12
FEWEST_BATCHES = 8  # with exposure; fewer say nothing about bursts
LEAST = 0.05  # of the variance, where nearly every record fails


@dataclass(frozen=True, slots=True)
class Clustering:
    """Sums over sessions: squared distances from what the rate gives, and their sum for independent records."""

    squares: float = 0.0
    independent: float = 0.0


@dataclass(frozen=True, slots=True)
class Observed:
    """What was counted in one window, and how it lay in it."""

    counts: Counts
    batches: tuple[Counts, ...] = ()  # of the same length each, those with exposure
    clustering: Clustering = Clustering()


@dataclass(frozen=True, slots=True)
class Spread:
    """How failures of an operation come together."""

    design_effect: float = 1.0  # times the variance of independent records
    burst_variance: float = 0.0  # of the factor by which the rates of batches differ
    batches: tuple[int, int] = (1, 1)  # before, after
    freedom: int = 1  # degrees of freedom behind the burst variance

    def shrink(self, before: Counts, after: Counts, tails: Tails) -> tuple[float, float]:
        """The variance of both counts by the counts themselves, if the rate did not change."""
        base = max(LEAST, 1 - (before.rate or 0.0)) * self.design_effect
        variance = self.burst_variance * widened(min(tails.low, tails.high), self.freedom)
        rate = ((before + after).rate or 0.0) * variance
        first, second = self.batches
        return base + rate * before.exposure / first, base + rate * after.exposure / second

    def absence(self, expected: float) -> float:
        """-log of the chance that no failure comes where so many are expected (the law's probability of zero)."""
        clusters, batches, variance = expected / self.design_effect, self.batches[1], self.burst_variance
        if variance * clusters < 1e-9:
            return clusters
        return batches / variance * math.log1p(variance * clusters / batches)


INDEPENDENT = Spread()


def spread(before: Observed, after: Observed) -> Spread:
    """What both windows together say."""
    sides = (before, after)
    squares = sum(side.clustering.squares for side in sides)
    independent = sum(side.clustering.independent for side in sides)
    design_effect = max(1.0, squares / independent) if independent else 1.0
    telling = [side for side in sides if len(side.batches) >= FEWEST_BATCHES and side.counts.failures]
    return Spread(
        design_effect=design_effect,
        burst_variance=burst_variance(telling, design_effect),
        batches=(max(1, len(before.batches)), max(1, len(after.batches))),
        freedom=max(
            1, sum(len(side.batches) - 1 for side in telling)
        ),  # pooled: unchanged means unchanged here too
    )


def clustering(counts: Counts, failing: Sequence[Counts]) -> Clustering:
    """The sums over all sessions of a window, from those that failed; the rest is taken to be as large as they are."""
    seen = sum(failing, Counts(0, 0))
    if not seen.failures or not counts.failures:
        return Clustering()
    rate = counts.failures / counts.exposure
    part = counts.failures / seen.failures  # 1, but where there were too many to read
    squares = part * sum((session.failures - rate * session.exposure) ** 2 for session in failing)
    quiet, size = max(0.0, counts.exposure - part * seen.exposure), seen.exposure / len(failing)
    return Clustering(squares + quiet * size * rate**2, counts.failures * (1 - rate))


def burst_variance(sides: Sequence[Observed], design_effect: float) -> float:
    """The squared distances of batches from the rate of their window, less those of chance, by the squared means."""
    distances = means = 0.0
    for side in sides:
        rate, number = side.counts.rate or 0.0, len(side.batches)
        expected = [rate * batch.exposure for batch in side.batches]
        found = zip(side.batches, expected, strict=True)
        distances += sum((batch.failures - mean) ** 2 for batch, mean in found) * number / (number - 1)
        distances -= (1 - rate) * design_effect * sum(expected)
        means += sum(mean**2 for mean in expected)
    return max(0.0, distances / means) if means else 0.0


def widened(tail: float, freedom: int) -> float:
    """
    The square of a quantile of Student's t by that of the normal law, for a variance that was itself estimated.

    With t from a quantile of Beta(freedom / 2, 1 / 2): https://dlmf.nist.gov/8.17#ii
    """
    student = freedom * math.exp(-log_odds_quantile(2 * tail, freedom / 2, 0.5))
    return student / NormalDist().inv_cdf(tail) ** 2
