"""Whether durations grew against the window before, told from rollups alone: else no trace need be read."""

from __future__ import annotations

from collections import Counter, defaultdict

from diagnosis.statistics.duration_tests import ENOUGH_FOR_TAILS
from telemetry.reads import counts
from telemetry.store.rollups import NO_FAILURE
from telemetry.windows import MINUTE_NANO, Window

MOVED = 0.25  # binary orders of magnitude, on average: times 1.19
MOVED_FEW, FEW = 1.0, 5  # of fewer records on a side
NEARLY_ALL, TAIL = 0.9, 0.15  # as large a share in the buckets above those of nearly all

Histogram = Counter[int]  # records by duration bucket, which is twice as wide as the one below


def durations_shifted(window: Window) -> bool:
    """Whether the durations of some operation grew, or the longest of them, told from rollups alone."""
    before, now = histograms(window.before), histograms(window)
    return any(
        place in before and (mean_moved(before[place], its) or tail_moved(before[place], its))
        for place, its in now.items()
    )


def mean_moved(before: Histogram, now: Histogram) -> bool:
    """Whether the mean grew; of few records it must by more."""
    fewest = min(before.total(), now.total())
    return mean_bucket(now) - mean_bucket(before) >= (MOVED if fewest >= FEW else MOVED_FEW)


def tail_moved(before: Histogram, now: Histogram) -> bool:
    """Whether more records lie above the buckets of nearly all before."""
    if min(before.total(), now.total()) < ENOUGH_FOR_TAILS:
        return False
    below, usual = 0, 0
    for bucket in sorted(before):
        below, usual = below + before[bucket], bucket
        if below >= NEARLY_ALL * before.total():
            break
    return sum(count for bucket, count in now.items() if bucket > usual) >= TAIL * now.total()


def mean_bucket(histogram: Histogram) -> float:
    """The mean number of a bucket."""
    return sum(bucket * count for bucket, count in histogram.items()) / histogram.total()


def histograms(window: Window) -> dict[tuple[str, str], Histogram]:
    """How many healthy records of each operation have which duration bucket."""
    first, last = -(-window.start_unix_nano // MINUTE_NANO), -(-window.end_unix_nano // MINUTE_NANO)
    found: dict[tuple[str, str], Histogram] = defaultdict(Counter)
    for service, operation, fingerprint, bucket, n in counts.by_duration(first, last):
        if fingerprint == NO_FAILURE:
            found[service, operation][bucket] += n
    return found
