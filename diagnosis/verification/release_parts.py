"""
A failure that one of the releases since a fix brought back: each release is compared by itself with the window before.

All together they can hide it. Failures that begin with a release look like a burst among the records before it, and
the release that ran well before makes their rate small. A release often runs in one environment first, so each of these
is compared with itself (where_it_failed.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diagnosis.statistics import alpha_spending
from diagnosis.statistics.overdispersion import estimate_overdispersion
from diagnosis.statistics.rates import Tails, rate_ratio
from diagnosis.verification import reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import ENOUGH, Judgement, interval_verdict
from diagnosis.verification.where_it_failed import judged_counts
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from diagnosis.window.environment_counts import counts_by_environment
from diagnosis.window.releases import SeenRelease
from telemetry.windows import MINUTE_NANO

MOST = 5  # releases that are compared, those with most failures


@dataclass(frozen=True, slots=True)
class WorstRelease:
    """The judgement, and the release since the fix that is regressed by itself, or ""."""

    judgement: Judgement
    release: str = ""


def judge_releases(
    judgement: Judgement,
    before: ComparedWindow,
    after: ComparedWindow,
    target: Target,
    seen: Sequence[SeenRelease],
) -> WorstRelease:
    """`regressed` if a release since the fix is, compared by itself, else the judgement as it is."""
    first_minute = after.window.start_unix_nano // MINUTE_NANO
    ran = {one.name for one in seen if one.last_minute >= first_minute} - target.without_releases
    if judgement.verdict == "regressed" or len(ran) < 2 or not before.counts.exposure:
        return WorstRelease(judgement)
    failing = cluster_counts.failing_releases(after.window, target)
    compared = [row.release for row in failing if row.failures >= ENOUGH][:MOST]
    for release in compared:
        others = frozenset(one.name for one in seen) - {release}
        tail = alpha_spending.release_tail(judgement.analysis.number, len(compared))
        of_release = replace(target, without_releases=others)
        part = replace(
            after,
            observed=cluster_counts.observe_cluster(after.window, of_release),
            environments=counts_by_environment(after.window, of_release)
            if after.environments is not None
            else None,
        )
        found = judged_alone(judgement, before, part, after, Tails(tail, tail))
        if found.verdict == "regressed":
            return WorstRelease(found, release)
    return WorstRelease(judgement)


def judged_alone(
    judgement: Judgement, before: ComparedWindow, part: ComparedWindow, after: ComparedWindow, tails: Tails
) -> Judgement:
    """The judgement on the records of one release; the judgement on all as it is unless these are regressed."""
    overdispersion = estimate_overdispersion(before.observed, part.observed)
    counts = judged_counts(before, part)
    inflation = overdispersion.inflation(counts.compared, counts.after, tails)
    compared = rate_ratio(counts.compared, counts.after, tails, inflation)
    if interval_verdict(counts.compared, counts.after, compared) != "regressed":
        return judgement
    text = counts.reason(reasons.one_release_reason(counts.before, counts.after, after.counts))
    return replace(judgement, verdict="regressed", reason=text, needed=None, ratio=compared, tails=tails)
