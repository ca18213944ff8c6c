"""
Two counts over exposure compared: did the fix hold? Pure arithmetic; docs/verification.md explains each rule.

Given k failures in all, the number after the fix is Binomial(k, n1 / (n0 + n1)) if the rate did not change
(Przyborowski and Wilenski 1940, https://doi.org/10.1093/biomet/31.3-4.313). The exact interval of that share
(Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404) becomes that of the ratio of the rates.
The same as R's poisson.test: https://stat.ethz.ch/R-manual/R-devel/library/stats/html/poisson.test.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from diagnosis.beta import log_odds_quantile

CONFIDENCE = 0.95  # of the interval; 2.5 % on each side
ENOUGH_EXPECTED = 4.6  # failures; if nothing had changed, none would have come by a chance of e^-4.6, 1 %
HELD_BELOW = 0.05  # failures remain, but at most a twentieth of the rate before
SAME_BETWEEN = (0.5, 2.0)  # an interval inside it says that nothing much changed
RETURNED = 2  # failures; a single one never makes a regression

Verdict = Literal["held", "improved", "unchanged", "regressed", "inconclusive", "no_traffic"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Failures among the records of an operation in one window."""

    failures: int
    exposure: int

    def __post_init__(self) -> None:
        if not 0 <= self.failures <= self.exposure:
            raise ValueError(f"{self.failures} failures of {self.exposure} records")

    @property
    def rate(self) -> float | None:
        """Failures a record; None if nothing ran."""
        return self.failures / self.exposure if self.exposure else None


@dataclass(frozen=True, slots=True)
class Ratio:
    """The rate after by the rate before: the estimate (None without a failure before) and its interval."""

    estimate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, one sentence why, and the failure-free exposure that `held` still needs (None: never)."""

    verdict: Verdict
    reason: str
    needed: int | None
    ratio: Ratio


def judge(before: Counts, after: Counts) -> Judgement:
    """Compare the rate of failures after a fix with the rate before it."""
    compared = ratio(before, after)
    verdict = verdict_of(before, after, compared)
    why = sentence(reason(verdict, before, after, compared))
    return Judgement(verdict, why, still_needed(verdict, before, after), compared)


def judge_held(held: Counts, since: Counts) -> Judgement:
    """Look again at a fix that held: it still does unless the failures are back, or nothing ran."""
    found = judge(held, since)
    if found.verdict in ("regressed", "no_traffic"):
        return found
    back = "too few to say that it is back" if since.failures else "it has not come back"
    return Judgement("held", sentence(f"{told(since)} since the fix held: {back}."), 0, found.ratio)


def ratio(before: Counts, after: Counts) -> Ratio:
    """The ratio of the rates with its exact interval; 0 to infinity when the counts say nothing."""
    if not (before.exposure and after.exposure):
        return Ratio(None, 0.0, math.inf)
    scale = before.exposure / after.exposure
    estimate = after.failures / before.failures * scale if before.failures else None
    low, high = odds(after.failures, before.failures)
    return Ratio(estimate, low * scale, high * scale)


def odds(hits: int, misses: int) -> tuple[float, float]:
    """The Clopper-Pearson interval of the share of hits, as odds."""
    most = lower_odds(misses, hits)
    return lower_odds(hits, misses), 1 / most if most else math.inf


def lower_odds(hits: int, misses: int) -> float:
    """Its lower bound; the upper one is that of the misses, turned round."""
    return math.exp(log_odds_quantile((1 - CONFIDENCE) / 2, hits, misses + 1)) if hits else 0.0


def verdict_of(before: Counts, after: Counts, compared: Ratio) -> Verdict:
    """The verdict that the interval allows; `held` also asks that failures were to be expected."""
    if after.exposure == 0:
        return "no_traffic"
    if compared.high < 1:
        gone = after.failures == 0 or compared.high <= HELD_BELOW
        return "held" if gone and expected(before, after) >= ENOUGH_EXPECTED else "improved"
    if compared.low > 1 and after.failures >= RETURNED:
        return "regressed"
    narrow = SAME_BETWEEN[0] <= compared.low and compared.high <= SAME_BETWEEN[1]
    return "unchanged" if narrow else "inconclusive"


def expected(before: Counts, after: Counts) -> float:
    """How many failures the exposure after the fix would have had at the rate before."""
    return (before.rate or 0.0) * after.exposure


def still_needed(verdict: Verdict, before: Counts, after: Counts) -> int | None:
    """How much more exposure, without another failure, until the verdict can be `held`."""
    if verdict == "held":
        return 0
    if verdict in ("regressed", "unchanged") or before.failures == 0:
        return None
    by_expectation = ENOUGH_EXPECTED * before.exposure / before.failures
    bound = HELD_BELOW if after.failures else 1.0
    by_interval = odds(after.failures, before.failures)[1] * before.exposure / bound
    return max(1, math.floor(max(by_expectation, by_interval)) + 1 - after.exposure)


def reason(verdict: Verdict, before: Counts, after: Counts, compared: Ratio) -> str:
    """The verdict in one sentence."""
    now, then, awaited = told(after), told(before), expected(before, after)
    if verdict == "held" and after.failures:
        return f"{now}: at most {compared.high:.1%} of the rate before."
    if verdict == "improved" and not after.failures:
        return f"{now}, but only {awaited:.1f} were to be expected: too few to call it held."
    return {
        "no_traffic": "Nothing ran in the window after, so nothing can be said.",
        "held": f"{now}; at the rate before, about {awaited:.0f} were to be expected.",
        "improved": f"{now}: fewer than before ({then}), but not gone.",
        "regressed": f"{now}, against {then} before: more than chance allows.",
        "unchanged": f"{now}: about the rate before ({then}).",
        "inconclusive": undecided(before, after),
    }[verdict]


def undecided(before: Counts, after: Counts) -> str:
    """Why the counts allow no verdict."""
    if before.exposure == 0:
        return "Nothing ran in the window before, so there is nothing to compare with."
    if before.failures == after.failures == 0:
        return "No failure in the window before, so none in the window after shows nothing."
    return f"{told(after)}, against {told(before)} before: the difference can be chance."


def told(counts: Counts) -> str:
    """Counts as a person says them."""
    failures = {0: "no failure", 1: "1 failure"}.get(counts.failures, f"{counts.failures:,} failures")
    return f"{failures} in {counts.exposure:,} record{'' if counts.exposure == 1 else 's'}"


def sentence(text: str) -> str:
    """With a capital letter first."""
    return text[:1].upper() + text[1:]
