"""
Did the fix hold? Compare two failure rates. Pure arithmetic; docs/verification.md explains each rule.

rates.py has the counts and the interval, overdispersion.py how much counts vary, alpha_spending.py the error budget of
repeated analyses, reasons.py the sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import NO_ANALYSIS, InterimAnalysis
from diagnosis.statistics.overdispersion import INDEPENDENT, Overdispersion, Pace
from diagnosis.statistics.rates import Counts, Ratio, Tails, most_ratio, rate_ratio
from diagnosis.verification import reasons

ENOUGH = 4.6  # failures; where so many are expected, none comes with a chance of e^-4.6, 1 %
NEARLY_GONE = 0.1  # the ratio of rates, at most, to call failures nearly gone
SURELY_HALVED = 0.5  # and the upper bound of the interval, at most
CLEARLY_LESS = 0.8  # the ratio of rates, at most, to call it improved
CLEARLY_MORE = 1.25  # the ratio of rates, at least, to call it regressed
SAME_BETWEEN = (0.5, 2.0)  # an interval inside these bounds is `unchanged`
MOST_MORE = 50  # failures; a regression that needs more of them to show is not said to be near
MOST_NEEDED = 10**9  # records; if more are needed, the answer is never

Verdict = Literal["held", "improved", "unchanged", "regressed", "inconclusive", "no_traffic"]


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A quantile of the own times before a fix, and the records before and after that took longer."""

    quantile: float
    above_ms: float
    before: Counts
    after: Counts


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, its reason in a sentence, and the failure-free exposure that `held` still needs (None: never)."""

    verdict: Verdict
    reason: str
    needed: int | None
    ratio: Ratio
    tails: Tails
    analysis: InterimAnalysis  # the latest interim analysis that counted: this one, or an earlier one
    minutes: int = (
        0  # over which that exposure has to come at least, since one burst can fill less; 0: any time will do
    )
    exceeded: Exceeded | None = None  # what `ratio` compares the shares of, where it is not that of failures


def judge_rates(
    before: Counts,
    after: Counts,
    overdispersion: Overdispersion = INDEPENDENT,
    last: InterimAnalysis = NO_ANALYSIS,
    steady: Overdispersion | None = None,
    pace: Pace | None = None,
) -> Judgement:
    """
    Compare the rate of failures after a fix with the rate before it.

    Args:
        last: the last interim analysis of this fix. Too soon after it the verdict is `held`, `inconclusive`,
            or `no_traffic` if nothing ran.
        steady: the overdispersion by which `held` is judged, from `estimate_steadily`; else that of both windows.
        pace: by which further exposure comes in further batches; else it comes in those that there are.
    """
    steady = steady or overdispersion
    if holds(before, after, steady):
        return held_judgement(before, after, steady, last)
    failures_known = information(before, after)
    due = last.is_due(failures_known, ENOUGH)
    analysis = last.next(failures_known) if due else last
    tails = alpha_spending.tails(max(1, analysis.number))
    compared = rate_ratio(before, after, tails, overdispersion.inflation(before, after, tails))
    verdict = interval_verdict(before, after, compared) if due or not after.exposure else "inconclusive"
    missing, minutes = still_needed(verdict, before, after, steady, pace)
    reason = reasons.rate_reason(verdict, before, after, compared, expected_failures(before, after))
    return Judgement(verdict, reason, missing, compared, tails, analysis, minutes)


def held_judgement(
    before: Counts, after: Counts, overdispersion: Overdispersion, last: InterimAnalysis
) -> Judgement:
    """The judgement on a fix that held. It is an interim analysis only if one is due."""
    failures_known = information(before, after)
    analysis = last.next(failures_known) if last.is_due(failures_known, ENOUGH) else last
    tails = alpha_spending.tails(1)
    compared = rate_ratio(before, after, tails, overdispersion.inflation(before, after, tails))
    reason = reasons.rate_reason("held", before, after, compared, expected_failures(before, after))
    return Judgement("held", reason, 0, compared, tails, analysis)


def information(before: Counts, after: Counts) -> float:
    """The information after a fix, in failures: the observed or the expected number, whichever is larger."""
    return max(expected_failures(before, after), float(after.failures))


def expected_failures(before: Counts, after: Counts) -> float:
    """The number of failures that the exposure after the fix would have had at the rate before."""
    return (before.rate or 0.0) * after.exposure


def interval_verdict(before: Counts, after: Counts, compared: Ratio) -> Verdict:
    """The verdict of an interim analysis; most also require a number of failures and a size of the change."""
    if after.exposure == 0:
        return "no_traffic"
    estimate = compared.estimate
    if compared.high < 1 and estimate is not None and estimate <= CLEARLY_LESS:
        return "improved"
    if compared.low > 1 and after.failures >= ENOUGH and (estimate is None or estimate >= CLEARLY_MORE):
        return "regressed"
    narrow = SAME_BETWEEN[0] <= compared.low and compared.high <= SAME_BETWEEN[1]
    return "unchanged" if narrow else "inconclusive"


def holds(before: Counts, after: Counts, overdispersion: Overdispersion, share: float = 1.0) -> bool:
    """
    Whether so few failures in so much exposure show that they are gone or nearly gone, whoever looked before.

    Args:
        share: of the chance to err, for one of several comparisons.
    """
    if not (before.failures and after.exposure):
        return False
    # What costs least comes first: the search for what is needed asks this a hundred times.
    if overdispersion.absence(expected_failures(before, after)) < ENOUGH:
        return False
    chance, usual = alpha_spending.held_tail(after.failures) * share, alpha_spending.tails(1).high * share
    return is_gone(before, after, overdispersion, usual) and most(before, after, overdispersion, chance) < 1


def is_gone(before: Counts, after: Counts, overdispersion: Overdispersion, tail: float) -> bool:
    """Whether the failures are gone or nearly gone, but for that chance to err."""
    if after.failures == 0:
        return True
    nearly = after.failures / before.failures * (before.exposure / after.exposure) <= NEARLY_GONE
    return nearly and most(before, after, overdispersion, tail) <= SURELY_HALVED


def most(before: Counts, after: Counts, overdispersion: Overdispersion, tail: float) -> float:
    """The upper bound of the ratio of the rates, which errs with that chance."""
    return most_ratio(before, after, tail, overdispersion.inflation(before, after, Tails(tail, tail)))


def still_needed(
    verdict: Verdict, before: Counts, after: Counts, overdispersion: Overdispersion, pace: Pace | None = None
) -> tuple[int | None, int]:
    """
    The further exposure without a failure after which the fix has held, None if never; and the minutes over which it
    has to come at least.
    """
    if verdict in ("regressed", "unchanged") or before.failures == 0:
        return None, 0

    def spread(more: int) -> Overdispersion:
        return overdispersion.in_batches(pace.batches_with(more)) if pace else overdispersion

    needed = least(lambda more: holds(before, Counts(after.failures, after.exposure + more), spread(more)))
    if needed is None or pace is None:
        return needed, 0
    batches = least(
        lambda number: holds(
            before,
            Counts(after.failures, after.exposure + needed),
            replace(overdispersion, batches=(overdispersion.batches[0], number)),
        )
    )
    grows = batches is not None and batches > overdispersion.batches[1]
    return needed, pace.minutes_until(batches) if batches and grows else 0


def more_to_regress(before: Counts, after: Counts, overdispersion: Overdispersion, tails: Tails) -> int:
    """The further exposure with failures as often as now after which it has regressed; 0 if that is not near."""
    for more in range(1, MOST_MORE + 1 if after.failures else 0):
        exposure = -(-more * after.exposure // after.failures)
        then = after + Counts(more, exposure)
        compared = rate_ratio(before, then, tails, overdispersion.inflation(before, then, tails))
        if interval_verdict(before, then, compared) == "regressed":
            return exposure
    return 0


def least(is_enough: Callable[[int], bool]) -> int | None:
    """The smallest number, from 1, that is enough, if every larger one is; None above MOST_NEEDED."""
    high = 1
    while not is_enough(high):
        high *= 2
        if high > MOST_NEEDED:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
