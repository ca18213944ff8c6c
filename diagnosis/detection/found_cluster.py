"""A cluster that a rule finds in a window: failing records that share a fingerprint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from diagnosis.statistics.rates import Counts
from telemetry.spans.failing_record import FailingRecord


class SampleSize(NamedTuple):
    """The number of traces that were read, and of how many they are."""

    read: int
    of: int


@dataclass(slots=True)
class Cluster:
    """The failing records that a rule found in a window, by time, and their downstream failures."""

    fingerprint: int
    records: list[FailingRecord] = field(default_factory=list)
    downstream: list[FailingRecord] = field(default_factory=list)
    looked_at: int | None = (
        None  # the traces or records that the rule looked at; None: all records of the operations
    )
    before: Counts | None = None  # counts of the window before, where rollups do not have them
    sample: SampleSize | None = None  # of the window's traces; None if all were read
