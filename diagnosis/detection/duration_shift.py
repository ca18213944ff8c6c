"""A check, from rollups alone, whether durations grew against the window before; if not, no trace is read."""

from __future__ import annotations

from collections import Counter, defaultdict

from diagnosis.statistics.duration_tests import ENOUGH_FOR_TAILS
from telemetry.reads import counts
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.windows import MINUTE_NANO, Window

MEAN_SHIFT = 0.25  # buckets, each twice as long as the one below: a growth by 1.19 times
MEAN_SHIFT_OF_FEW, FEW = 1.0, 5  # buckets, with fewer than 5 records on a side
NEARLY_ALL, TAIL = 0.9, 0.15  # shares: of the records before, and of those now in longer buckets

Histogram = Counter[int]  # records by duration bucket


def durations_shifted(window: Window) -> bool:
    """Whether the mean or the tail of some operation's durations grew, from rollups alone."""
    before, now = histograms(window.before), histograms(window)
    return any(
        place in before and (mean_moved(before[place], histogram) or tail_moved(before[place], histogram))
        for place, histogram in now.items()
    )


def mean_moved(before: Histogram, now: Histogram) -> bool:
    """Whether the mean grew by MEAN_SHIFT, or by MEAN_SHIFT_OF_FEW if there are few records."""
    fewest = min(before.total(), now.total())
    return mean_bucket(now) - mean_bucket(before) >= (MEAN_SHIFT if fewest >= FEW else MEAN_SHIFT_OF_FEW)


def tail_moved(before: Histogram, now: Histogram) -> bool:
    """Whether TAIL of the records now, or more, are in longer buckets than NEARLY_ALL of those before."""
    if min(before.total(), now.total()) < ENOUGH_FOR_TAILS:
        return False
    below, usual_longest = 0, 0
    for bucket in sorted(before):
        below, usual_longest = below + before[bucket], bucket
        if below >= NEARLY_ALL * before.total():
            break
    return sum(count for bucket, count in now.items() if bucket > usual_longest) >= TAIL * now.total()


def mean_bucket(histogram: Histogram) -> float:
    """The mean bucket number of the records."""
    return sum(bucket * count for bucket, count in histogram.items()) / histogram.total()


def histograms(window: Window) -> dict[tuple[str, str], Histogram]:
    """The durations of each operation's healthy records in the minutes that start in the window."""
    first, last = -(-window.start_unix_nano // MINUTE_NANO), -(-window.end_unix_nano // MINUTE_NANO)
    by_operation: dict[tuple[str, str], Histogram] = defaultdict(Counter)
    for group in counts.by_duration(first, last):
        if group.fingerprint == NO_FAILURE:
            by_operation[group.service, group.operation][group.bucket] += group.records
    return by_operation
