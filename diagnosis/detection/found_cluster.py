"""A cluster that a rule finds in a window: failing records that share a fingerprint."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnosis.statistics.rates import Counts
from telemetry.spans.failing_record import FailingRecord


@dataclass(slots=True)
class Cluster:
    """The failing records that a rule found in a window, by time, and their downstream failures."""

    fingerprint: int
    records: list[FailingRecord] = field(default_factory=list)
    downstream: list[FailingRecord] = field(default_factory=list)
    looked_at: int | None = None  # size of the sample that was searched; None if everything was searched
    before: Counts | None = None  # counts of the window before, where rollups do not have them
