"""Other failures of the same operation: a fix can move the pain instead of ending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from diagnosis.statistics.overdispersion import Spread, spread
from diagnosis.statistics.rates import Counts, Tails, ratio
from diagnosis.verification import reasons
from diagnosis.verification.baseline import Side
from diagnosis.verification.rate_verdict import CLEARLY_MORE, ENOUGH, Judgement, Verdict, verdict_of
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from telemetry.grouping.fingerprint import cluster_id

SHOWN = 5
MOVED = (
    "{told}, but other failures of the operation rose from {before:,} to {after:,}: the pain may have moved."
)
LESSER: dict[Verdict, Verdict] = {
    "held": "improved",
    "regressed": "inconclusive",  # what rose may have a cause of its own
}
Failed = Mapping[int, int]  # failures by fingerprint


@dataclass(frozen=True, slots=True)
class Sibling:
    """A cluster of the operation that fails more often than before the fix."""

    fingerprint: int
    before: Counts
    after: Counts

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
        return {
            "cluster_id": cluster_id(self.fingerprint),
            "failures_before": self.before.failures,
            "failures_after": self.after.failures,
        }


def weigh(judgement: Judgement, before: Side, after: Side, target: Target) -> tuple[Judgement, list[Sibling]]:
    """A success stands only if no sibling rose; else the operation as a whole is judged. With those that rose."""
    if judgement.verdict not in ("held", "improved"):
        return judgement, []
    others = before.others, cluster_counts.others(after.window, target)
    ran = before.counts.exposure, after.counts.exposure
    lying, tails = spread(before.observed, after.observed), judgement.tails
    found = risen(*others, ran, lying, tails)
    if not found:
        return judgement, []
    old, new = whole(before.counts, others[0]), whole(after.counts, others[1])
    compared = ratio(old, new, tails, lying.shrink(old, new, tails))
    verdict = verdict_of(old, new, compared, lying)
    text = MOVED.format(
        told=reasons.told(after.counts), before=sum(others[0].values()), after=sum(others[1].values())
    )
    return replace(
        judgement, verdict=LESSER.get(verdict, verdict), reason=reasons.sentence(text), needed=None
    ), found


def risen(before: Failed, after: Failed, ran: tuple[int, int], spread: Spread, tails: Tails) -> list[Sibling]:
    """
    Those that rose beyond chance, the largest first; all of them, if they did so together only.

    Args:
        ran: records of the operation before and after.
    """
    pairs = {
        fingerprint: (Counts(before.get(fingerprint, 0), ran[0]), Counts(failed, ran[1]))
        for fingerprint, failed in after.items()
    }
    strict = Tails(tails.low / (len(pairs) + 1), tails.high)  # Bonferroni: each, and all together
    found = [key for key, (old, new) in pairs.items() if rose(old, new, spread, strict)]
    if not found and rose(together(before, ran[0]), together(after, ran[1]), spread, strict):
        found = list(pairs)
    found.sort(key=lambda key: (-after[key], key))
    return [Sibling(key, *pairs[key]) for key in found[:SHOWN]]


def whole(own: Counts, others: Failed) -> Counts:
    """All failures of the operation."""
    return Counts(min(own.exposure, own.failures + sum(others.values())), own.exposure)


def together(failed: Failed, ran: int) -> Counts:
    """All of them as one."""
    return Counts(sum(failed.values()), ran)


def rose(before: Counts, after: Counts, spread: Spread, tails: Tails) -> bool:
    """Whether the rate is clearly higher."""
    found = ratio(before, after, tails, spread.shrink(before, after, tails))
    clearly = found.estimate is None or found.estimate >= CLEARLY_MORE
    return after.failures >= ENOUGH and found.low > 1 and clearly
