"""
Is an operation slower or faster than before? By how many records exceed the quantiles of the window before.

If nothing changed, as large a share exceeds a quantile after as before (exceedance tests: Epstein 1954,
https://doi.org/10.1214/aoms/1177728662; no law of durations is assumed), so the shares are compared like failures. A
claim asks for a least effect: that the quantile itself moved by more than LEAST_EFFECT, beyond chance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf

from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import NO_LOOK, Look
from diagnosis.statistics.overdispersion import INDEPENDENT
from diagnosis.statistics.rates import Counts, Ratio, Tails, ratio
from diagnosis.verification import reasons
from diagnosis.verification.rate_verdict import ENOUGH, Judgement, Verdict, expected, is_gone
from diagnosis.verification.rate_verdict import SAME_BETWEEN as SAME

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
COMMON = 0.9  # of the quantiles above it, few records say much: `unchanged` does not wait for them
LEAST_EFFECT = 1.2  # times slower or faster
FEWEST = 30  # records on each side


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One quantile of the window before against the records after."""

    quantile: float
    before_ms: float
    after_ms: float
    same: Ratio  # of the shares above the quantile
    verdict: Verdict


def judge(before: Sequence[float], after: Sequence[float], last: Look = NO_LOOK) -> Judgement:
    """
    Compare durations in milliseconds, sorted, after a fix with those before it.

    Args:
        last: the last look at this fix that counted. Too soon after it the verdict is `inconclusive`.
    """
    known = float(len(after))
    due = len(before) >= FEWEST and last.is_due(known, FEWEST)
    look = last.next(known) if due else last
    usual = alpha_spending.tails(max(1, look.number))
    tails = Tails(usual.low / len(QUANTILES), usual.high / len(QUANTILES))  # Bonferroni: one may err for all
    if not due:
        return too_few(len(before), len(after), tails, look)
    found = [exceedance(quantile, before, after, tails) for quantile in QUANTILES]
    verdict, telling = taken_together(found)
    needed = {"held": 0, "improved": len(after), "inconclusive": len(after)}.get(verdict)
    return Judgement(verdict, reason(verdict, telling, len(after)), needed, telling.same, tails, look)


def too_few(before: int, after: int, tails: Tails, last: Look) -> Judgement:
    """No verdict: not enough records on one side, or not many more than at the last look."""
    nothing = Ratio(None, 0.0, inf)
    next_look = max(FEWEST, ceil(alpha_spending.GROWTH * last.information))
    needed = next_look - after if before >= FEWEST else None
    if not after:
        return Judgement("no_traffic", reasons.NOTHING_RAN, needed, nothing, tails, last)
    text = f"{before:,} records before and {after:,} after: too few for a look at latency."
    return Judgement("inconclusive", text, needed, nothing, tails, last)


def exceedance(quantile: float, before: Sequence[float], after: Sequence[float], tails: Tails) -> Exceedance:
    """Judge one quantile."""
    threshold = at(before, quantile)
    slow = above(before, threshold)
    same, slower, faster = (
        compared(slow, above(after, threshold * effect), tails)
        for effect in (1.0, LEAST_EFFECT, 1 / LEAST_EFFECT)
    )
    return Exceedance(
        quantile,
        threshold,
        at(after, quantile),
        same,
        verdict_of(slow, after, threshold, same, slower, faster),
    )


def verdict_of(
    slow: Counts, after: Sequence[float], threshold: float, same: Ratio, slower: Ratio, faster: Ratio
) -> Verdict:
    """What one quantile says."""
    slow_after = above(after, threshold)
    if slower.low > 1 and above(after, threshold * LEAST_EFFECT).failures >= ENOUGH:
        return "regressed"
    if same.high < 1 and is_gone(slow_after, same) and expected(slow, slow_after) >= ENOUGH:
        return "held"
    if faster.high < 1:
        return "improved"
    return "unchanged" if SAME[0] <= same.low and same.high <= SAME[1] else "inconclusive"


def compared(before: Counts, after: Counts, tails: Tails) -> Ratio:
    """The ratio of two shares of slow records."""
    return ratio(before, after, tails, INDEPENDENT.shrink(before, after, tails))


def taken_together(found: Sequence[Exceedance]) -> tuple[Verdict, Exceedance]:
    """One verdict, and the quantile that tells most; slower here and faster there is no verdict."""
    said: dict[str, Exceedance] = {}
    for one in found:
        said.setdefault(one.verdict, one)
    better = said.get("held") or said.get("improved")
    if "regressed" in said:
        return ("inconclusive", said["regressed"]) if better else ("regressed", said["regressed"])
    if better:
        return better.verdict, better
    common = {one.verdict for one in found if one.quantile <= COMMON}
    return ("unchanged" if common == {"unchanged"} else "inconclusive"), found[0]


def at(durations: Sequence[float], quantile: float) -> float:
    """The smallest duration that so large a share does not exceed."""
    return durations[ceil(quantile * len(durations)) - 1]


def above(durations: Sequence[float], threshold: float) -> Counts:
    """How many of them exceed the threshold."""
    return Counts(len(durations) - bisect_right(durations, threshold), len(durations))


def reason(verdict: Verdict, telling: Exceedance, number: int) -> str:
    """The verdict in one sentence."""
    moved = f"p{telling.quantile * 100:g} went from {telling.before_ms:,.0f} to {telling.after_ms:,.0f} ms"
    return {
        "regressed": f"Slower: {moved} over {number:,} records.",
        "held": f"Hardly a record is as slow as before: {moved} over {number:,} records.",
        "improved": f"Faster, but some are as slow as before: {moved} over {number:,} records.",
        "unchanged": f"About as fast as before: {moved} over {number:,} records.",
    }.get(verdict, f"The difference can be chance, or goes both ways: {moved} over {number:,} records.")
