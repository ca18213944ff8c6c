"""
The impact and the severity of a cluster.

Severity starts with the worst record (low, medium, high: a failed request at the edge of a service is high) and
goes up one step each for a large share of the operation, for many people, and for a rate that rises. A single record
never goes up. The formula is published in docs/diagnosis.md#severity.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import counted, percent
from diagnosis.issues.extents import Extent
from diagnosis.models import Severity
from diagnosis.statistics import rates

LARGE_SHARE, LARGE_SHARE_RECORDS = 0.2, 5
MANY_PEOPLE = 10  # sessions or users
# What the exposure of a cluster counts: records of its operations, the traces that a rule looked at, or the ratings
# that users sent. Who rates is no sample of who uses, so that a share of ratings raises no severity.
SHARES_OF = RECORDS, TRACES, RATINGS = "records", "traces", "ratings"
FAILS, RATED_DOWN, IS_SLOW = "fails", "is rated down", "is slow"  # of a share of an operation
RANK = {"low": Severity.LOW, "medium": Severity.MEDIUM, "high": Severity.HIGH}


class SampledImpact(NamedTuple):
    """The sample of traces of which the counts of a cluster are, and 95 % intervals of what all traces would show."""

    traces_read: int
    traces: int  # of the window
    records: tuple[int, int]
    share: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Impact:
    """The records, traces, people and tokens that a cluster affected in the window."""

    records: int
    traces: int
    sessions: int
    users: int
    operation_records: int  # exposure: all records of its operations
    share: float  # records / operation_records
    tokens: int = 0  # of its whole traces; 0 where no record has them
    share_of: str = RECORDS  # what operation_records counts: one of SHARES_OF
    sampled: SampledImpact | None = None  # None if everything was counted


@dataclass(frozen=True, slots=True)
class SeverityGrade:
    """A severity and the sentence that explains it."""

    severity: Severity
    reason: str

    def by_production(self, production: SeverityGrade | None) -> SeverityGrade:
        """
        The grade where an operator named the production environments: by the failures there, and medium at most by all.

        Args:
            production: the grade by the failures there; None if there is none.
        """
        if production and production.severity >= min(self.severity, Severity.MEDIUM):
            return SeverityGrade(
                production.severity, f"{production.reason}; by its failures in production alone"
            )
        if self.severity <= Severity.MEDIUM:
            return self
        there = "its failures in production are less severe" if production else "no failure is in production"
        return SeverityGrade(
            Severity.MEDIUM, f"medium: {there}; by all environments it would be {self.reason}"
        )


def measure_impact(extent: Extent, operation_records: int) -> Impact:
    """The impact of the cluster; its share is of the records of its operations."""
    exposure = max(operation_records, extent.records)
    return Impact(
        records=extent.records,
        traces=extent.traces,
        sessions=extent.sessions,
        users=extent.users,
        operation_records=exposure,
        share=round(extent.records / exposure, 4),
        tokens=extent.tokens,
        share_of=share_of(extent),
        sampled=sampled_impact(extent, exposure),
    )


def share_of(extent: Extent) -> str:
    """What the exposure of the cluster counts, one of SHARES_OF."""
    if extent.rated.is_all_ratings:
        return RATINGS
    is_of_records = extent.looked_at is None or extent.signal_type in WINDOW_RULES.of_rises
    return RECORDS if is_of_records else TRACES


def sampled_impact(extent: Extent, exposure: int) -> SampledImpact | None:
    """How many of the window's traces the counts are from, with their intervals; None if they are from all."""
    if extent.trace_sample is None:
        return None
    low, high = rates.share_interval(extent.records, exposure - extent.records)
    whole = exposure * extent.trace_sample.of / max(1, extent.trace_sample.read)
    return SampledImpact(
        *extent.trace_sample,
        (max(extent.records, math.floor(low * whole)), math.ceil(high * whole)),
        (round(low, 4), round(high, 4)),
    )


def grade(severities: Collection[str], impact: Impact, trend: str = "", what: str = FAILS) -> SeverityGrade:
    """
    The severity with its reason.

    Args:
        severities: those of the records.
        trend: "" without a failure rate.
        what: FAILS, RATED_DOWN or IS_SLOW, by what happened to the records.
    """
    worst = max(RANK.get(severity, Severity.MEDIUM) for severity in severities)
    increments = []
    is_large = impact.share >= LARGE_SHARE and impact.records >= LARGE_SHARE_RECORDS
    if is_large and impact.share_of != RATINGS:
        increments.append(f"+1: {percent(impact.share)} of the operation {what}")
    if max(impact.sessions, impact.users) >= MANY_PEOPLE:
        users = f" of {counted(impact.users, 'user')}" if impact.users else ""
        increments.append(f"+1: {counted(impact.sessions, 'session')}{users} are hit")
    if trend == "rising":
        increments.append("+1: the rate rises against the window before")
    severity = Severity(min(worst + len(increments), Severity.CRITICAL))
    base = f"{worst.label}: the worst of its records and the downstream failures around them"
    return SeverityGrade(
        severity, f"{severity.label} ({'; '.join([base, *increments])})" if increments else base
    )
