"""
Records in groups of those that every count (rollups.py, deployments.py) counts together, so that they are gone through
once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Protocol

from telemetry.windows import MINUTE_NANO

NO_FAILURE = 0


class CountedRow(Protocol):
    """The values by which a record is counted."""

    @property
    def start_time_unix_nano(self) -> int: ...
    @property
    def duration_nano(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def release(self) -> str: ...
    @property
    def fingerprint(self) -> int | None: ...


Work = tuple[str, str, str, str]  # service, operation, environment and release
GroupKey = tuple[int, Work, int, int]  # minute, work, fingerprint or NO_FAILURE, and bucket of the duration
RowGroups = Mapping[GroupKey, list[int]]  # the durations of each group's records in nanoseconds
work_of = attrgetter("service", "operation", "environment", "release")


def bucket(duration_nano: int) -> int:
    """The number of bits of the duration in microseconds: each bucket is twice as wide as the one before."""
    return (duration_nano // 1000).bit_length()


def grouped_rows(rows: Iterable[CountedRow]) -> RowGroups:
    """The records in groups."""
    groups: dict[GroupKey, list[int]] = defaultdict(list)
    for row in rows:
        groups[group_key(row)].append(row.duration_nano)
    return groups


def group_key(row: CountedRow) -> GroupKey:
    """The group of a record."""
    minute = row.start_time_unix_nano // MINUTE_NANO
    return minute, work_of(row), row.fingerprint or NO_FAILURE, bucket(row.duration_nano)
