"""A case by its counts alone: the product's judge on what its reading of the same spans would give."""

from __future__ import annotations

from benchmarks.verify_windows import NANO, Case, Span, spans
from diagnosis.statistics.overdispersion import Observed, clustering, estimate_overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.verification import duration_verdict, rate_verdict
from diagnosis.window.cluster_counts import Stretches, batches

MINUTE = 60 * NANO


def verdict(case: Case) -> str:
    """What the judge says of the counts."""
    slow = case["kind"] == "latency"
    before, after = (spans(case[side], slow) for side in ("baseline", "current"))
    if slow:
        return duration_verdict.judge_durations(
            sorted(ms for *_, ms in before), sorted(ms for *_, ms in after)
        ).verdict
    old, new = observed(before), observed(after)
    return rate_verdict.judge_rates(old.counts, new.counts, estimate_overdispersion(old, new)).verdict


def observed(window: list[Span]) -> Observed:
    """Counts by minute; every span is a session of its own."""
    minutes: Stretches = {}
    for start, failed, _ in window:
        minute = start // MINUTE
        minutes[minute] = minutes.get(minute, Counts(0, 0)) + Counts(int(failed), 1)
    counts = sum(minutes.values(), Counts(0, 0))
    alone = [Counts(1, 1)] * min(counts.failures, 2_000)
    return Observed(counts, batches(minutes), clustering(counts, alone))
