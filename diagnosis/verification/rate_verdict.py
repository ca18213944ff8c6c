"""
Two counts over exposure compared: did the fix hold? Pure arithmetic; docs/verification.md explains each rule.

What is counted is in overdispersion.py, the interval in rates.py, the price of looking again in alpha_spending.py,
the words in reasons.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import NO_LOOK, Look
from diagnosis.statistics.overdispersion import INDEPENDENT, Spread
from diagnosis.statistics.rates import Counts, Ratio, Tails, ratio
from diagnosis.verification import reasons

ENOUGH = 4.6  # failures; if so many are expected and nothing changed, none comes by a chance of e^-4.6, 1 %
NEARLY_GONE = 0.1  # failures remain, but at most a tenth of the rate before
SURELY_HALVED = 0.5  # and the interval says that it is less than half
CLEARLY_LESS = 0.8  # the ratio of rates, to call it improved
CLEARLY_MORE = 1.25  # to call it regressed
SAME_BETWEEN = (0.5, 2.0)  # an interval inside it says that nothing much changed
MOST_NEEDED = 10**9  # records; more are as good as never

Verdict = Literal["held", "improved", "unchanged", "regressed", "inconclusive", "no_traffic"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, one sentence why, and the failure-free exposure that `held` still needs (None: never)."""

    verdict: Verdict
    reason: str
    needed: int | None
    ratio: Ratio
    tails: Tails
    look: Look  # the last one that counted: this one, or one before


def judge(before: Counts, after: Counts, spread: Spread = INDEPENDENT, last: Look = NO_LOOK) -> Judgement:
    """
    Compare the rate of failures after a fix with the rate before it.

    Args:
        last: the last look at this fix that counted. Too soon after it the verdict is `inconclusive`.
    """
    known = information(before, after)
    due = last.is_due(known, ENOUGH)
    look = last.next(known) if due else last
    tails = alpha_spending.tails(max(1, look.number))
    compared = ratio(before, after, tails, spread.shrink(before, after, tails))
    verdict = verdict_of(before, after, compared, spread) if due or not after.exposure else "inconclusive"
    missing = still_needed(verdict, before, after, spread, look)
    return Judgement(
        verdict, reasons.reason(verdict, before, after, compared), missing, compared, tails, look
    )


def information(before: Counts, after: Counts) -> float:
    """What is known after a fix, in failures: those that came, or those that should have."""
    return max(expected(before, after), float(after.failures))


def expected(before: Counts, after: Counts) -> float:
    """How many failures the exposure after the fix would have had at the rate before."""
    return (before.rate or 0.0) * after.exposure


def verdict_of(before: Counts, after: Counts, compared: Ratio, spread: Spread = INDEPENDENT) -> Verdict:
    """The verdict that the interval allows; each claim also asks for enough failures, and for enough of a change."""
    if after.exposure == 0:
        return "no_traffic"
    estimate = compared.estimate
    if compared.high < 1 and estimate is not None:
        if is_gone(after, compared) and spread.absence(expected(before, after)) >= ENOUGH:
            return "held"
        if estimate <= CLEARLY_LESS:
            return "improved"
    if compared.low > 1 and after.failures >= ENOUGH and (estimate is None or estimate >= CLEARLY_MORE):
        return "regressed"
    narrow = SAME_BETWEEN[0] <= compared.low and compared.high <= SAME_BETWEEN[1]
    return "unchanged" if narrow else "inconclusive"


def is_gone(after: Counts, compared: Ratio) -> bool:
    """Whether the failures are gone, or nearly."""
    nearly = (compared.estimate or 0.0) <= NEARLY_GONE and compared.high <= SURELY_HALVED
    return after.failures == 0 or nearly


def still_needed(verdict: Verdict, before: Counts, after: Counts, spread: Spread, last: Look) -> int | None:
    """How much more exposure, without another failure, until the next look can say `held`."""
    if verdict == "held":
        return 0
    if verdict in ("regressed", "unchanged") or before.failures == 0:
        return None
    tails = alpha_spending.tails(last.number + 1)

    def holds(more: int) -> bool:
        grown = Counts(after.failures, after.exposure + more)
        compared = ratio(before, grown, tails, spread.shrink(before, grown, tails))
        due = last.is_due(information(before, grown), ENOUGH)
        return due and verdict_of(before, grown, compared, spread) == "held"

    return least(holds)


def least(holds: Callable[[int], bool]) -> int | None:
    """The smallest number from 1 for which it holds, if it goes on holding from there; None above MOST_NEEDED."""
    high = 1
    while not holds(high):
        high *= 2
        if high > MOST_NEEDED:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
