"""
Did an operation become slower? Judged by its own time in two windows, one value a trace: calls of one trace are alike.

Three tests, each with a least effect, since with many records any small difference is significant:
- ranks (Mann-Whitney, https://doi.org/10.1214/aoms/1177730491), at a level divided by the number of operations;
- for few records, the means of the logarithms, with a variance pooled over all operations (the moderated t of
  https://doi.org/10.2202/1544-6115.1027);
- for a tail that grows while the median stays, exceedances (https://doi.org/10.1214/aoms/1177728662): the chance that
  so many values exceed a quantile of the window before if nothing changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, variance
from typing import NamedTuple

CHANCE = 0.01  # of a false alarm among all operations of a window
FEWEST_BEFORE, FEWEST_NOW = 1, 2  # traces
ROUNDING_MS = 0.2  # added to both sides: the resolution of clocks
BORROWED = 4  # degrees of freedom that the pooled variance is worth
ASSUMED = 1.0  # pooled variance of logarithms where too few values are known to estimate it
LENDERS = 5  # sides of operations with 3 traces or more that a pooled variance needs
# Standard errors; so many because durations have heavy tails: no false alarm in 168 random halves of real windows.
SURE_T = 8.0
TAILS = (0.75, 0.9, 0.95)
ENOUGH_FOR_TAILS = 30  # traces on each side
TAIL_RATIO, TAIL_MS = 2, 5


class LeastEffect(NamedTuple):
    """The least effect that is reported from this number of traces on; the more traces, the smaller it is."""

    traces: int  # on each side
    ratio: float  # of the medians
    grown_ms: float


EFFECTS = (LeastEffect(200, 1.25, 1), LeastEffect(30, 1.5, 1), LeastEffect(5, 2, 1), LeastEffect(1, 5, 5))


@dataclass(frozen=True, slots=True)
class DurationSamples:
    """An operation's own time in both windows, in milliseconds, one value per trace."""

    before: Sequence[float]
    now: Sequence[float]

    @property
    def fewest(self) -> int:
        """The number of traces on the smaller side."""
        return min(len(self.before), len(self.now))

    @property
    def is_comparable(self) -> bool:
        """Whether both sides have enough traces to compare."""
        return len(self.before) >= FEWEST_BEFORE and len(self.now) >= FEWEST_NOW

    def ratio(self, quantile: float = 0.5) -> float:
        """The quantile now divided by the quantile before, each with ROUNDING_MS added."""
        return (sample_quantile(self.now, quantile) + ROUNDING_MS) / (
            sample_quantile(self.before, quantile) + ROUNDING_MS
        )

    def grown_ms(self, quantile: float = 0.5) -> float:
        """The quantile now minus the quantile before, in milliseconds."""
        return sample_quantile(self.now, quantile) - sample_quantile(self.before, quantile)

    def middle_ms(self, quantile: float = 0.5) -> float:
        """The duration that is as many times the quantile before as the quantile now is times it."""
        return middle_ms(sample_quantile(self.before, quantile), sample_quantile(self.now, quantile))


@dataclass(frozen=True, slots=True)
class Comparisons:
    """All operations of two windows: their number, which sets the levels of the tests, and their pooled variance."""

    number: int
    spread: float  # mean variance of the logarithms

    @classmethod
    def of(cls, all_sides: Sequence[DurationSamples]) -> Comparisons:
        """The number of these operations and their pooled variance."""
        variances = [
            variance(logarithms(side))
            for sides in all_sides
            for side in (sides.before, sides.now)
            if len(side) >= 3
        ]
        return cls(len(all_sides), fmean(variances) if len(variances) >= LENDERS else ASSUMED)

    def moved(self, sides: DurationSamples) -> float | None:
        """The quantile that grew beyond chance and by the least effect: the median, else one of TAILS; None if none."""
        if is_large(sides) and (self.ranks_differ(sides) or self.means_differ(sides)):
            return 0.5
        return self.tail(sides) if sides.fewest >= ENOUGH_FOR_TAILS else None

    def ranks_differ(self, sides: DurationSamples) -> bool:
        """Whether the ranks of `now` are higher beyond chance, at a level divided by the number of operations."""
        return z_score(sides.before, sides.now) >= NormalDist().inv_cdf(1 - CHANCE / max(self.number, 1))

    def means_differ(self, sides: DurationSamples) -> bool:
        """Whether the means of logarithms differ by SURE_T standard errors, and the medians by the largest ratio."""
        return sides.ratio() >= EFFECTS[-1].ratio and moderated_t(sides, self.spread) >= SURE_T

    def tail(self, sides: DurationSamples) -> float | None:
        """The lowest of TAILS that grew beyond chance and by the least effect; None if none did."""
        for quantile in TAILS:
            limit = max(
                sample_quantile(sides.before, quantile) * TAIL_RATIO,
                sample_quantile(sides.before, quantile) + TAIL_MS,
            )
            slow = sum(value > limit for value in sides.now)
            beyond = sum(value > limit for value in sides.before)
            chance = chance_of_exceeding(slow, len(sides.now), beyond, len(sides.before))
            moved = sides.ratio(quantile) >= TAIL_RATIO and sides.grown_ms(quantile) >= TAIL_MS
            if moved and chance < CHANCE / (self.number * len(TAILS)):
                return quantile
        return None


def is_large(sides: DurationSamples) -> bool:
    """Whether the median grew by the least effect for this number of traces."""
    return any(
        sides.fewest >= least.traces and sides.ratio() >= least.ratio and sides.grown_ms() >= least.grown_ms
        for least in EFFECTS
    )


def middle_ms(before_ms: float, now_ms: float) -> float:
    """The geometric mean of two durations in milliseconds, each with ROUNDING_MS added: between them, also from 0."""
    return math.sqrt((before_ms + ROUNDING_MS) * (now_ms + ROUNDING_MS)) - ROUNDING_MS


def sample_quantile(values: Sequence[float], quantile: float) -> float:
    """The quantile of the values; for 0.5, the usual median."""
    return median(values) if quantile == 0.5 else sorted(values)[quantile_index(values, quantile)]


def quantile_index(values: Sequence[float], quantile: float) -> int:
    """The index of the quantile in the sorted values."""
    return math.ceil(quantile * len(values)) - 1


def logarithms(values: Sequence[float]) -> list[float]:
    """The logarithms of durations, which vary by factors rather than by milliseconds."""
    return [math.log(value + ROUNDING_MS) for value in values]


def moderated_t(sides: DurationSamples, spread: float) -> float:
    """The difference of the means of logarithms, in standard errors from their own and the pooled variance."""
    before, now = logarithms(sides.before), logarithms(sides.now)
    squares = sum((value - fmean(side)) ** 2 for side in (before, now) for value in side)
    freedom = max(0, len(before) + len(now) - 2)
    shrunk = (squares + BORROWED * spread) / (freedom + BORROWED)
    return (fmean(now) - fmean(before)) / math.sqrt(shrunk * (1 / len(before) + 1 / len(now)))


def chance_of_exceeding(number: int, now: int, beyond: int, before: int) -> float:
    """
    The chance that `number` or more of `now` values exceed the value that `beyond` of the `before` values exceed.

    It is the share of the orders of both windows' values in which they do; if nothing changed, all orders are equally
    likely.
    """
    rank = beyond + 1
    ways = sum(
        math.comb(k + rank - 1, k) * math.comb(now - k + before - rank, now - k)
        for k in range(number, now + 1)
    )
    return ways / math.comb(now + before, now)


def z_score(before: Sequence[float], now: Sequence[float]) -> float:
    """The standard deviations by which the ranks of `now` exceed their expected sum; ties share their mean rank."""
    ranked = sorted([(value, 0) for value in before] + [(value, 1) for value in now])
    total = start = 0.0
    while int(start) < len(ranked):
        end = int(start)
        while end < len(ranked) and ranked[end][0] == ranked[int(start)][0]:
            end += 1
        total += (start + end + 1) / 2 * sum(side for _, side in ranked[int(start) : end])
        start = end
    n, m = len(before), len(now)
    return (total - m * (m + 1) / 2 - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
