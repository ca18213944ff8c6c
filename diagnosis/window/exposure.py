"""
How often an operation ran and how often it failed one way, in a window of the bound project.

Whole days, hours and minutes come from rollups, the parts of minutes at the window's edges from records: the same
numbers as counting every record, without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count, Q, QuerySet, Sum

from telemetry.models import DayRollup, HourRollup, Record, Rollup, RollupCounts
from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.reads.filters import in_window
from telemetry.windows import Window

EVERY, DAY = Q(), 1440  # minutes
MODELS: dict[str, type[RollupCounts]] = {
    model._meta.db_table: model for model in (Rollup, HourRollup, DayRollup)
}


def records_in(window: Window) -> int:
    """All records that start in the window."""
    return tally_marked(window, EVERY, EVERY)[0]


def failures_in(window: Window) -> int:
    """All failing records that start in the window."""
    return records(window).filter(fingerprint__isnull=False).count()


def tally_marked(window: Window, wanted: Q, marked: Q) -> tuple[int, int]:
    """Of the window's records: how many are wanted, and how many of these are marked."""
    minutes, edges = whole_minutes(window)
    whole = [
        groups.filter(wanted).aggregate(all=Sum("count"), marked=Sum("count", filter=marked))
        for groups in rollups(*minutes)
    ]
    rest = [
        records(edge).filter(wanted).aggregate(all=Count("trace_id"), marked=Count("trace_id", filter=marked))
        for edge in edges
    ]
    return total(part["all"] for part in [*whole, *rest]), total(part["marked"] for part in [*whole, *rest])


def rollups(first: int, last: int, longest: int = DAY) -> Iterator[QuerySet[RollupCounts]]:
    """The groups of these minutes, from the tables with the longest stretches, up to so many minutes."""
    for table, start, end in table_stretches(first, last, longest):
        yield MODELS[table]._default_manager.filter(minute__gte=start, minute__lt=end)


def total(numbers: Iterable[int | None]) -> int:
    """Their sum; a sum over no row is NULL."""
    return sum(int(number or 0) for number in numbers)


def records(window: Window) -> QuerySet[Record]:
    """The records that start in the window."""
    return in_window(Record.objects.all(), window)


def failing_again(window: Window, at_least: int) -> set[int]:
    """The clusters with so many records in the window."""
    failed = (
        records(window)
        .filter(fingerprint__isnull=False)
        .values_list("fingerprint")
        .annotate(n=Count("trace_id"))
    )
    return {fingerprint for fingerprint, n in failed.order_by() if fingerprint is not None and n >= at_least}
