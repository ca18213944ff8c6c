"""Other failures of the same operation: a fix can move a problem to them instead of solving it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from diagnosis.statistics.overdispersion import Overdispersion, estimate_overdispersion
from diagnosis.statistics.rates import Counts, Tails, rate_ratio
from diagnosis.verification import reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import CLEARLY_MORE, ENOUGH, Judgement, Verdict, interval_verdict
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from telemetry.grouping.fingerprint import cluster_id

SHOWN = 5  # siblings that an answer names
MOVED = (
    "{counts}, but other failures of the operation rose from {before:,} to {after:,}: "
    "the problem may have moved."
)
LESSER: dict[Verdict, Verdict] = {
    "regressed": "inconclusive",  # the siblings that rose may have another cause than the fix
}
Failed = Mapping[int, int]  # failures by fingerprint


@dataclass(frozen=True, slots=True)
class Sibling:
    """A cluster of the operation that fails more often than before the fix."""

    fingerprint: int
    before: Counts
    after: Counts

    def shown(self) -> dict[str, Any]:
        """The sibling as API answers show it."""
        return {
            "cluster_id": cluster_id(self.fingerprint),
            "failures_before": self.before.failures,
            "failures_after": self.after.failures,
        }


def weigh_siblings(
    judgement: Judgement, before: ComparedWindow, after: ComparedWindow, target: Target
) -> tuple[Judgement, list[Sibling]]:
    """The judgement, and the siblings that rose; if any did, all failures of the operation are judged together."""
    if judgement.verdict not in ("held", "improved"):
        return judgement, []
    failed_before, failed_after = before.others, cluster_counts.other_clusters(after.window, target)
    exposures = before.counts.exposure, after.counts.exposure
    overdispersion, tails = estimate_overdispersion(before.observed, after.observed), judgement.tails
    risen_siblings = risen(failed_before, failed_after, exposures, overdispersion, tails)
    if not risen_siblings:
        return judgement, []
    old, new = whole_operation(before.counts, failed_before), whole_operation(after.counts, failed_after)
    compared = rate_ratio(old, new, tails, overdispersion.inflation(old, new, tails))
    verdict = interval_verdict(old, new, compared)
    text = MOVED.format(
        counts=reasons.counts_sentence(after.counts),
        before=sum(failed_before.values()),
        after=sum(failed_after.values()),
    )
    return replace(
        judgement, verdict=LESSER.get(verdict, verdict), reason=reasons.capitalised(text), needed=None
    ), risen_siblings


def risen(
    before: Failed, after: Failed, exposures: tuple[int, int], overdispersion: Overdispersion, tails: Tails
) -> list[Sibling]:
    """
    The siblings that rose beyond chance, most failures first; all of them if they rose only when taken together.

    Args:
        exposures: records of the operation before and after.
    """
    pairs = {
        fingerprint: (Counts(before.get(fingerprint, 0), exposures[0]), Counts(failed, exposures[1]))
        for fingerprint, failed in after.items()
    }
    # Bonferroni: one test of each sibling, one of all together.
    strict = Tails(tails.low / (len(pairs) + 1), tails.high)
    fingerprints = [key for key, (old, new) in pairs.items() if rose(old, new, overdispersion, strict)]
    if not fingerprints:
        old, new = pooled_counts(before, exposures[0]), pooled_counts(after, exposures[1])
        fingerprints = list(pairs) if rose(old, new, overdispersion, strict) else []
    fingerprints.sort(key=lambda key: (-after[key], key))
    return [Sibling(key, *pairs[key]) for key in fingerprints[:SHOWN]]


def whole_operation(cluster: Counts, siblings: Failed) -> Counts:
    """The failures of the cluster and its siblings together, over the operation's exposure."""
    return Counts(min(cluster.exposure, cluster.failures + sum(siblings.values())), cluster.exposure)


def pooled_counts(failed: Failed, exposure: int) -> Counts:
    """The failures of all siblings as one count over the operation's exposure."""
    return Counts(sum(failed.values()), exposure)


def rose(before: Counts, after: Counts, overdispersion: Overdispersion, tails: Tails) -> bool:
    """Whether the rate after is clearly higher, beyond chance."""
    compared = rate_ratio(before, after, tails, overdispersion.inflation(before, after, tails))
    clearly = compared.estimate is None or compared.estimate >= CLEARLY_MORE
    return after.failures >= ENOUGH and compared.low > 1 and clearly
