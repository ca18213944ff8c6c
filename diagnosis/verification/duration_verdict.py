"""
Is an operation slower or faster than before? Judged by how many records exceed the quantiles of the window before.

If nothing changed, the same share of records exceeds a quantile after as before (exceedance tests: Epstein 1954,
https://doi.org/10.1214/aoms/1177728662; no distribution of durations is assumed), so the shares are compared like
failure rates. `regressed` and `improved` require a least effect: that the quantile itself moved by more than
LEAST_EFFECT, beyond chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, inf

from diagnosis.display.quantities import counted, duration, quantile_name
from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import GROWTH, NO_ANALYSIS, InterimAnalysis
from diagnosis.statistics.overdispersion import INDEPENDENT
from diagnosis.statistics.rates import Counts, Ratio, Tails, rate_ratio
from diagnosis.verification import own_durations, reasons
from diagnosis.verification.own_durations import above
from diagnosis.verification.rate_verdict import (
    ENOUGH,
    SAME_BETWEEN,
    Exceeded,
    Judgement,
    Verdict,
    holds,
    least,
)

QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99)
COMMON = 0.9  # `unchanged` does not require the quantiles above it, which few records decide
LEAST_EFFECT = 1.2  # times slower or faster
FEWEST = 30  # records on each side
LOOKS_AHEAD = 3  # interim analyses; a regression that needs more of them to show is not said to be near


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One quantile of the window before, compared with the records after."""

    quantile: float
    after_ms: float
    exceeded: Exceeded  # the quantile before, and the records above it
    same: Ratio  # of the shares of records above the quantile
    verdict: Verdict


def judge_durations(
    before: Sequence[float], after: Sequence[float], last: InterimAnalysis = NO_ANALYSIS, ran: int = 0
) -> Judgement:
    """
    Compare durations in milliseconds, sorted, after a fix with those before it.

    Args:
        last: the last interim analysis of this fix. Too soon after it the verdict is `held` or `inconclusive`.
        ran: the records since the fix, where `after` is a sample of them: the next analysis is due by these.
    """
    information = float(max(ran, len(after)))
    due = min(len(before), len(after)) >= FEWEST and last.is_due(information, FEWEST)
    analysis = last.next(information) if due else last
    tails = tails_of(max(1, analysis.number))
    if len(before) < FEWEST or len(after) < FEWEST:
        return too_few(before, after, tails, analysis)
    exceedances = [exceedance(quantile, before, after, tails) for quantile in QUANTILES]
    verdict, decisive = taken_together(exceedances)
    if not due and verdict != "held":
        return too_few(before, after, tails, analysis)
    needed = 0 if verdict == "held" else None
    if verdict in ("improved", "inconclusive"):
        needed = fast_records_needed(before, after)
    reason = duration_reason(verdict, decisive, len(after))
    judgement = Judgement(verdict, reason, needed, decisive.same, tails, analysis)
    return replace(judgement, exceeded=decisive.exceeded)


def tails_of(analysis: int) -> Tails:
    """The chances that each bound errs. Bonferroni: that any of the quantiles errs is at most the usual one."""
    usual = alpha_spending.tails(analysis)
    return Tails(usual.low / len(QUANTILES), usual.high / len(QUANTILES))


def too_few(
    before: Sequence[float], after: Sequence[float], tails: Tails, last: InterimAnalysis
) -> Judgement:
    """`no_traffic`, or `inconclusive` for want of records on one side or of new ones since the last analysis."""
    no_ratio = Ratio(None, 0.0, inf)
    needed = fast_records_needed(before, after)
    if not after:
        return Judgement("no_traffic", reasons.NOTHING_RAN, needed, no_ratio, tails, last)
    text = f"{counted(len(before), 'record')} before and {len(after):,} after: too few to compare durations."
    return Judgement("inconclusive", text, needed, no_ratio, tails, last)


def fast_records_needed(before: Sequence[float], after: Sequence[float]) -> int | None:
    """The further records that exceed no quantile of the window before after which the fix has held; None: never."""
    if len(before) < FEWEST:
        return None
    thresholds = [empirical_quantile(before, quantile) for quantile in QUANTILES]
    sides = [
        (above(before, limit), above(after, limit), above(after, limit * LEAST_EFFECT))
        for limit in thresholds
    ]
    tails = tails_of(1)  # later analyses find a quantile slower less easily

    def is_enough(more: int) -> bool:
        exposure = len(after) + more
        return (
            exposure >= FEWEST
            and any(is_fast(old, Counts(slow.failures, exposure)) for old, slow, _ in sides)
            and not any(is_slower(old, Counts(slower.failures, exposure), tails) for old, _, slower in sides)
        )

    needed = least(is_enough)
    return needed and min(needed, own_durations.MOST)  # of these alone, all are fast


def more_to_regress(before: Sequence[float], after: Sequence[float], last: InterimAnalysis, ran: int) -> int:
    """
    The further records, slow as often as since a fix held, after which it has regressed; 0 if that is not near.

    Args:
        last: the last interim analysis. The verdict can only change with the next ones, LOOKS_AHEAD of them at most.
        ran: the records since it held.
    """
    if len(before) < FEWEST or not after:
        return 0
    limits = [empirical_quantile(before, quantile) for quantile in QUANTILES]
    number = max(FEWEST, ceil(GROWTH * last.information), ran + 1)
    for ahead in range(LOOKS_AHEAD):
        size = max(len(after), min(number, own_durations.MOST))
        if any(
            is_slower(
                above(before, limit),
                Counts(above(after, limit * LEAST_EFFECT).failures * size // len(after), size),
                tails_of(last.number + ahead + 1),
            )
            for limit in limits
        ):
            return number - ran
        number *= GROWTH
    return 0


def is_slower(slow_before: Counts, slower_after: Counts, tails: Tails) -> bool:
    """Whether more records exceed LEAST_EFFECT times the quantile than exceeded the quantile before, beyond chance."""
    return slower_after.failures >= ENOUGH and slow_share_ratio(slow_before, slower_after, tails).low > 1


def is_fast(slow_before: Counts, slow_after: Counts) -> bool:
    """Whether hardly a record exceeds the quantile any more, one of QUANTILES, whoever looked before."""
    return holds(slow_before, slow_after, INDEPENDENT, share=1 / len(QUANTILES))


def exceedance(quantile: float, before: Sequence[float], after: Sequence[float], tails: Tails) -> Exceedance:
    """Compare the records after with one quantile of the window before."""
    threshold = empirical_quantile(before, quantile)
    slow = above(before, threshold)
    exceeded = Exceeded(quantile, threshold, slow, above(after, threshold))
    same = slow_share_ratio(slow, exceeded.after, tails)
    verdict = quantile_verdict(slow, after, threshold, same, tails)
    return Exceedance(quantile, empirical_quantile(after, quantile), exceeded, same, verdict)


def quantile_verdict(
    slow: Counts, after: Sequence[float], threshold: float, same: Ratio, tails: Tails
) -> Verdict:
    """The verdict by one quantile, from the share of records above it before, and `same`, that after by that before."""
    if is_slower(slow, above(after, threshold * LEAST_EFFECT), tails):
        return "regressed"
    if is_fast(slow, above(after, threshold)):
        return "held"
    if slow_share_ratio(slow, above(after, threshold / LEAST_EFFECT), tails).high < 1:
        return "improved"
    return "unchanged" if SAME_BETWEEN[0] <= same.low and same.high <= SAME_BETWEEN[1] else "inconclusive"


def slow_share_ratio(before: Counts, after: Counts, tails: Tails) -> Ratio:
    """The ratio of two shares of slow records."""
    return rate_ratio(before, after, tails, INDEPENDENT.inflation(before, after, tails))


def taken_together(exceedances: Sequence[Exceedance]) -> tuple[Verdict, Exceedance]:
    """The verdict of all quantiles, and the one that decides; `inconclusive` if some are slower and some faster."""
    first_by_verdict: dict[str, Exceedance] = {}
    for item in exceedances:
        first_by_verdict.setdefault(item.verdict, item)
    better = first_by_verdict.get("held") or first_by_verdict.get("improved")
    if worse := first_by_verdict.get("regressed"):
        return ("inconclusive" if better else "regressed"), worse
    if better:
        return better.verdict, better
    common = {item.verdict for item in exceedances if item.quantile <= COMMON}
    return ("unchanged" if common == {"unchanged"} else "inconclusive"), exceedances[0]


def empirical_quantile(durations: Sequence[float], quantile: float) -> float:
    """The quantile of sorted durations: the smallest that this share of them does not exceed."""
    return durations[ceil(quantile * len(durations)) - 1]


def duration_reason(verdict: Verdict, decisive: Exceedance, number: int) -> str:
    """The verdict in one sentence."""
    before, after = duration(decisive.exceeded.above_ms), duration(decisive.after_ms)
    name = quantile_name(decisive.quantile)
    change = f"{name} went from {before} to {after} over {counted(number, 'record')}"
    return {
        "regressed": f"Slower: {change}.",
        "held": f"Hardly a record is as slow as before: {change}.",
        "improved": f"Faster, but some are as slow as before: {change}.",
        "unchanged": f"About as fast as before: {change}.",
    }.get(verdict, f"The difference can be chance, or goes both ways: {change}.")
