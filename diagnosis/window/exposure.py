"""
Counts of records and failures in a window of the bound project.

`tally_marked` counts whole days, hours and minutes from rollups, and the partial minutes at the window's edges from
records. Its numbers equal a count of every record, of which most are not read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Count, Q, QuerySet, Sum

from diagnosis.window.shared_reads import shared
from telemetry.models import DayRollup, HourRollup, Record, Rollup, RollupCounts
from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.reads.filters import in_window
from telemetry.reads.replaced_records import IS_REPEATED, IS_REPLACED
from telemetry.windows import Window

EVERY = Q()  # no condition
DAY = 1440  # minutes
MODELS: dict[str, type[RollupCounts]] = {
    model._meta.db_table: model for model in (Rollup, HourRollup, DayRollup)
}


@shared
def records_in(window: Window) -> int:
    """The number of records that start in the window."""
    return count_marked(window, EVERY, EVERY)[0]


def failures_in(window: Window) -> int:
    """The number of failing records that start in the window."""
    return records(window).filter(fingerprint__isnull=False).count()


def count_marked(window: Window, condition: Q, mark: Q) -> tuple[int, int]:
    """The number of the window's records that meet the condition, and of those among them that have the mark."""
    minutes, edges = whole_minutes(window)
    parts = [
        groups.filter(condition).aggregate(all=Sum("count"), marked=Sum("count", filter=mark))
        for groups in rollups(*minutes)
    ]
    parts += [
        records(edge)
        .filter(condition)
        .aggregate(all=Count("trace_id"), marked=Count("trace_id", filter=mark))
        for edge in edges
    ]
    return total(part["all"] for part in parts), total(part["marked"] for part in parts)


def rollups(first: int, last: int, longest: int = DAY) -> Iterator[QuerySet[RollupCounts]]:
    """The rollups of the minutes `[first, last)`, of stretches as long as possible, `longest` minutes at most."""
    for table, start, end in table_stretches(first, last, longest):
        yield MODELS[table]._default_manager.filter(minute__gte=start, minute__lt=end)


def total(numbers: Iterable[int | None]) -> int:
    """The sum of the numbers; None, which a query returns as the sum over no row, counts as 0."""
    return sum(int(number or 0) for number in numbers)


def records(window: Window) -> QuerySet[Record]:
    """The records that start in the window, without replaced versions of user signals and calls recorded again."""
    return in_window(Record.objects.exclude(IS_REPLACED).exclude(IS_REPEATED), window)
