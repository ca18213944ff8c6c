"""
Quantiles of durations that are counted in buckets, each twice as wide as the one before, and how exact they are.

Within its bucket a quantile is interpolated exponentially, as Prometheus does for buckets that grow exponentially:
https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile. The largest value of each bucket is
known, so that the interpolation ends there, and a quantile that is the largest value of its bucket is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

NANO_PER_MS = 1e6


class Bucket(NamedTuple):
    """The records in a bucket, with the shortest duration that it can hold and the longest that it does."""

    start_nano: int
    records: int
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
            return within(bucket, rank - below)
        below += bucket.records
    return BucketedQuantile(0.0, 0.0, 0.0)


def within(bucket: Bucket, rank: int) -> BucketedQuantile:
    """The duration with this rank, from 1, among the records of the bucket."""
    high = bucket.longest_nano / NANO_PER_MS
    if rank == bucket.records:
        return BucketedQuantile(high, high, high)
    low, share = min(bucket.start_nano / NANO_PER_MS, high), rank / bucket.records
    # A bucket that starts at 0 has no ratio of its bounds.
    value = low * (high / low) ** share if low else high * share
    return BucketedQuantile(value, low, high)


def merge(buckets: Iterable[Bucket]) -> list[Bucket]:
    """One bucket of each size, in order."""
    by_start: dict[int, Bucket] = {}
    for start, number, longest in buckets:
        _, records, longest_yet = by_start.get(start, Bucket(start, 0, 0))
        by_start[start] = Bucket(start, records + number, max(longest_yet, longest))
    return [by_start[start] for start in sorted(by_start)]
