"""A case by its counts alone: the product's judge on what its reading of the same spans would give."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.verify_windows import NANO, Case, Span, spans
from diagnosis.statistics.overdispersion import Observed, estimate_overdispersion, estimate_steadily
from diagnosis.statistics.rates import Counts
from diagnosis.verification import duration_verdict, rate_verdict
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Stretches

MINUTE = 60 * NANO
HOUR = 3600  # seconds, where a case says none


def verdict(case: Case) -> str:
    """What the judge says of the counts."""
    slow = case["kind"] == "latency"
    before, after = (spans(case[side], slow) for side in ("baseline", "current"))
    if slow:
        return duration_verdict.judge_durations(
            sorted(ms for *_, ms in before), sorted(ms for *_, ms in after)
        ).verdict
    old, new = observed(before), observed(after)
    length = (case["current"].get("seconds") or HOUR) / (case["baseline"].get("seconds") or HOUR)
    steady = estimate_steadily(old, new, length)
    overdispersion = estimate_overdispersion(old, new)
    return rate_verdict.judge_rates(old.counts, new.counts, overdispersion, steady=steady).verdict


def observed(window: list[Span]) -> Observed:
    """Counts by minute, also until the last failure; every span is a session of its own."""
    last = max((start for start, failed, _ in window if failed), default=None)
    if last is None:
        return in_minutes(window)
    then = in_minutes([span for span in window if span[0] <= last])
    return replace(in_minutes(window), at_last_failure=then)


def in_minutes(window: list[Span]) -> Observed:
    """Counts by minute."""
    minutes: Stretches = {}
    for start, failed, _ in window:
        minute = start // MINUTE
        minutes[minute] = minutes.get(minute, Counts(0, 0)) + Counts(int(failed), 1)
    failures = sum(counts.failures for counts in minutes.values())
    return cluster_counts.observed(minutes, [Counts(1, 1)] * min(failures, 2_000))
