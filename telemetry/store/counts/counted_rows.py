"""
The counts of records that diagnoses read in place of records: by minute, hour and day, and by deployment.

Called inside a transaction that inserts these records, or changes what they are counted by.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.store.counts import deployments, rollups
from telemetry.store.counts.row_groups import CountedRow, grouped_rows


def add_counts(rows: Iterable[CountedRow]) -> None:
    """Count these records."""
    groups = grouped_rows(rows)
    rollups.add_rollups(groups)
    deployments.add_deployments(groups)


def subtract_counts(rows: Iterable[CountedRow]) -> None:
    """Subtract these records from the counts: they are counted elsewhere from now on, or nowhere."""
    groups = grouped_rows(rows)
    rollups.take_away(groups)
    deployments.subtract_deployments(groups)
