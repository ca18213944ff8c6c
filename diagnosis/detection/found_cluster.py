"""Failures that share a fingerprint, in one place: found in a sample of traces, with all of their records."""

from __future__ import annotations

from dataclasses import dataclass, field

from diagnosis.statistics.rates import Counts
from telemetry.spans.failing_record import FailingRecord


@dataclass(slots=True)
class Cluster:
    """What a rule found in a window, by time, and what it caused around it."""

    fingerprint: int
    records: list[FailingRecord] = field(default_factory=list)
    downstream: list[FailingRecord] = field(default_factory=list)
    looked_at: int | None = (
        None  # records or traces among which these were found, where not all were looked at
    )
    before: Counts | None = None  # the same of the window before, where no rollup knows
