"""
Overdispersion: how much more a count of failures varies than a count of independent failures.

Failures of one session come together: the variance over sessions, divided by that of independent records, is the design
effect (Kish 1965; as a test of counts, Rao and Scott 1992, https://doi.org/10.2307/2532311). Failures also come in
bursts: a window is cut into a dozen batches (Schmeiser 1982, https://doi.org/10.1287/opre.30.3.556: ten to thirty do
for a window of any length, and fewer than about eight say little), and the variance of their rates beyond chance is
that of a factor with mean 1, as in the negative binomial distribution (Breslow 1984,
https://doi.org/10.2307/2347661).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

from diagnosis.statistics.beta import log_odds_quantile
from diagnosis.statistics.rates import Counts, Tails

BATCHES = 12
FEWEST_BATCHES = 8  # with exposure; fewer say nothing about bursts
MOST_KEPT = 4096  # results of `widened`, which each search for what is needed asks for again and again
LEAST = 0.05  # times the mean, the least variance of a count, where nearly every record fails


@dataclass(frozen=True, slots=True)
class Clustering:
    """Sums over sessions: squared distances from the expected failures, and their mean for independent records."""

    squares: float = 0.0
    independent: float = 0.0


@dataclass(frozen=True, slots=True)
class Observed:
    """The counts of one window, in total and in batches, and how they cluster in sessions."""

    counts: Counts
    batches: tuple[Counts, ...] = ()  # the batches with exposure, all of one length
    clustering: Clustering = Clustering()
    most_batches: int = 0  # with exposure, at any moment of the window until now
    at_last_failure: Observed | None = None  # the window until its last failure; None without one


@dataclass(frozen=True, slots=True)
class Overdispersion:
    """The overdispersion of an operation's failures: clustering in sessions, and bursts."""

    design_effect: float = 1.0  # times the variance of independent records
    burst_variance: float = 0.0  # of the factor by which the rates of batches differ
    batches: tuple[int, int] = (1, 1)  # number of batches before and after
    freedom: int = 1  # degrees of freedom behind the burst variance

    def inflation(self, before: Counts, after: Counts, tails: Tails) -> tuple[float, float]:
        """The variance of each count, before and after, divided by its mean, if the rate did not change."""
        base = max(LEAST, 1 - (before.rate or 0.0)) * self.design_effect
        variance = self.burst_variance * widened(min(tails.low, tails.high), self.freedom)
        rate = ((before + after).rate or 0.0) * variance
        first, second = self.batches
        return base + rate * before.exposure / first, base + rate * after.exposure / second

    def absence(self, expected: float) -> float:
        """-log of the chance that none of the expected failures comes, by the negative binomial distribution."""
        clusters, batches, variance = expected / self.design_effect, self.batches[1], self.burst_variance
        if variance * clusters < 1e-9:
            return clusters
        return batches / variance * math.log1p(variance * clusters / batches)

    def in_batches(self, number: int) -> Overdispersion:
        """The overdispersion of a window after that has so many batches, or as many as it has if these are more."""
        return replace(self, batches=(self.batches[0], max(self.batches[1], number)))


INDEPENDENT = Overdispersion()


@dataclass(frozen=True, slots=True)
class Pace:
    """How long both windows are and what ran in them, from which follows in how many batches further records come."""

    minutes: tuple[int, int]  # before and after
    exposure: tuple[int, int]

    @property
    def minutes_a_record(self) -> float:
        """
        The minutes from one record to the next: since the fix, or before it while the window since is shorter than a
        batch of that before, or has no record. 0: unknown.
        """
        (before, after), (exposure_before, exposure_after) = self.minutes, self.exposure
        is_long = after >= max(1, before / BATCHES)
        if exposure_after and (is_long or not exposure_before):
            return after / exposure_after
        return before / exposure_before if exposure_before else 0.0

    def batches_with(self, more: int) -> int:
        """The number of batches once so many more records came, as they do now."""
        exposure = self.exposure[1] + more
        minutes, of_before = self.minutes_a_record * exposure, max(1, self.minutes[0])
        return max(1, min(BATCHES, exposure, math.ceil(min(BATCHES, of_before) * minutes / of_before)))

    def minutes_until(self, batches: int) -> int:
        """The minutes from now until the window after can have so many batches."""
        of_before = max(1, self.minutes[0])
        return max(0, math.ceil((batches - 1) * of_before / min(BATCHES, of_before)) + 1 - self.minutes[1])


def estimate_overdispersion(before: Observed, after: Observed) -> Overdispersion:
    """The overdispersion of both windows together."""
    sides = (before, after)
    squares = sum(side.clustering.squares for side in sides)
    independent = sum(side.clustering.independent for side in sides)
    design_effect = max(1.0, squares / independent) if independent else 1.0
    informative = [side for side in sides if len(side.batches) >= FEWEST_BATCHES and side.counts.failures]
    return Overdispersion(
        design_effect=design_effect,
        burst_variance=burst_variance(informative, design_effect),
        batches=(max(1, len(before.batches)), max(1, len(after.batches))),
        # Both windows count: a fix that changed nothing leaves the bursts as they were, too.
        freedom=max(1, sum(len(side.batches) - 1 for side in informative)),
    )


def estimate_steadily(before: Observed, after: Observed, length: float) -> Overdispersion:
    """
    The overdispersion as of the last failure after a fix: records without a failure since then make it no larger.

    Args:
        length: of the window after, in lengths of the window before. A part of it that is no longer than a batch of
            the window before is one batch, since one burst can fill it.
    """
    estimate = estimate_overdispersion(before, after.at_last_failure or Observed(Counts(0, 0)))
    batches = min(after.most_batches, math.ceil(BATCHES * length))
    return replace(estimate, batches=(estimate.batches[0], max(1, batches)))


def clustering(counts: Counts, failing: Sequence[Counts]) -> Clustering:
    """The sums over all sessions of a window, from the failing ones; the others are assumed to be of the same size."""
    total = sum(failing, Counts(0, 0))
    if not total.failures or not counts.failures:
        return Clustering()
    rate = counts.failures / counts.exposure
    scale = counts.failures / total.failures  # 1, unless there were too many failures to read
    squares = scale * sum((session.failures - rate * session.exposure) ** 2 for session in failing)
    other_records = max(0.0, counts.exposure - scale * total.exposure)
    mean_size = total.exposure / len(failing)
    return Clustering(squares + other_records * mean_size * rate**2, counts.failures * (1 - rate))


def burst_variance(sides: Sequence[Observed], design_effect: float) -> float:
    """The squared distances of batches from their window's rate, less those of chance, over the squared means."""
    distances = means = 0.0
    for side in sides:
        rate, number = side.counts.rate or 0.0, len(side.batches)
        expected = [rate * batch.exposure for batch in side.batches]
        pairs = zip(side.batches, expected, strict=True)
        distances += sum((batch.failures - mean) ** 2 for batch, mean in pairs) * number / (number - 1)
        distances -= (1 - rate) * design_effect * sum(expected)
        means += sum(mean**2 for mean in expected)
    return max(0.0, distances / means) if means else 0.0


@lru_cache(maxsize=MOST_KEPT)
def widened(tail: float, freedom: int) -> float:
    """
    The square of a quantile of Student's t over that of the normal distribution, for an estimated variance.

    The quantile of t comes from one of Beta(freedom / 2, 1 / 2): https://dlmf.nist.gov/8.17#ii
    """
    student = freedom * math.exp(-log_odds_quantile(2 * tail, freedom / 2, 0.5))
    return student / NormalDist().inv_cdf(tail) ** 2
