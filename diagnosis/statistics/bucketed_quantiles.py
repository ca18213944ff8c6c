"""
Quantiles of durations that are counted in buckets, each twice as wide as the one before, and how exact they are.

Within its bucket a quantile is interpolated exponentially, as Prometheus does for buckets that grow exponentially:
https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile. The largest value of each bucket is
known, so that the interpolation ends there, and a quantile that is the largest value of its bucket is exact. Where no
record is in a shorter bucket, the quantile is no less than the shortest duration that a record is known to have: it
never lies below every record, though its lower bound may.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

NANO_PER_MS = 1e6


class Bucket(NamedTuple):
    """The records in a bucket: the shortest duration that it can hold, and the shortest and longest known in it."""

    start_nano: int
    records: int
    measured_nano: int
    longest_nano: int


@dataclass(frozen=True, slots=True)
class BucketedQuantile:
    """A quantile in milliseconds, between bounds that are certain; they are equal where it is exact."""

    value: float
    low: float
    high: float


def quantile_ms(quantile: float, buckets: Iterable[Bucket]) -> BucketedQuantile:
    """The quantile of these records: the smallest duration that this share of them does not exceed."""
    merged = merge(buckets)
    rank, below = math.ceil(quantile * sum(bucket.records for bucket in merged)), 0
    for bucket in merged:
        if below + bucket.records >= rank:
            return within(bucket, rank - below, is_first=not below)
        below += bucket.records
    return BucketedQuantile(0.0, 0.0, 0.0)


def within(bucket: Bucket, rank: int, is_first: bool) -> BucketedQuantile:
    """The duration with this rank, from 1, among the records of the bucket; `is_first`: no shorter bucket has any."""
    high = bucket.longest_nano / NANO_PER_MS
    if rank == bucket.records:
        return BucketedQuantile(high, high, high)
    low, share = min(bucket.start_nano / NANO_PER_MS, high), rank / bucket.records
    # A bucket that starts at 0 has no ratio of its bounds.
    value = low * (high / low) ** share if low else high * share
    if is_first:
        value = max(value, bucket.measured_nano / NANO_PER_MS)
    return BucketedQuantile(min(rounded_up(value), high), low, high)


def rounded_up(value: float) -> float:
    """The value with three significant digits, never less than it; what is below a nanosecond as it is."""
    if value < 1e-6:
        return value
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return max(value, round(math.ceil(value / step) * step, 9))


def merge(buckets: Iterable[Bucket]) -> list[Bucket]:
    """One bucket of each size, in order."""
    by_start: dict[int, Bucket] = {}
    for bucket in buckets:
        known = by_start.get(bucket.start_nano, bucket._replace(records=0))
        by_start[bucket.start_nano] = Bucket(
            bucket.start_nano,
            known.records + bucket.records,
            min(known.measured_nano, bucket.measured_nano),
            max(known.longest_nano, bucket.longest_nano),
        )
    return [by_start[start] for start in sorted(by_start)]
