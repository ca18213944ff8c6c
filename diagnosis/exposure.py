"""
How often an operation ran and how often it failed one way, in a window of the bound project.

Whole minutes come from rollups, the parts of minutes at the window's edges from records: the same numbers as
counting every record, without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Q, QuerySet, Sum

from telemetry.models import Record, Rollup
from telemetry.windows import MINUTE_NANO, Window

EVERY = Q()


def records_in(window: Window) -> int:
    """All records that start in the window."""
    return tally(window, EVERY, EVERY)[0]


def failures_in(window: Window) -> int:
    """All failing records that start in the window."""
    return records(window).filter(fingerprint__isnull=False).count()


def tally(window: Window, wanted: Q, marked: Q) -> tuple[int, int]:
    """Of the window's records: how many are wanted, and how many of these are marked."""
    (first, last), edges = cut(window)
    groups = Rollup.objects.filter(wanted, minute__gte=first, minute__lt=last)
    whole = groups.aggregate(all=Sum("count"), marked=Sum("count", filter=marked))
    rest = [
        records(edge).filter(wanted).aggregate(all=Count("trace_id"), marked=Count("trace_id", filter=marked))
        for edge in edges
    ]
    return total(part["all"] for part in [whole, *rest]), total(part["marked"] for part in [whole, *rest])


def total(numbers: Iterable[int | None]) -> int:
    """Their sum; a sum over no row is NULL."""
    return sum(int(number or 0) for number in numbers)


def cut(window: Window) -> tuple[tuple[int, int], list[Window]]:
    """The window's whole minutes as `[first, last)`, and the windows that are left of it."""
    start, end = window.start_unix_nano, window.end_unix_nano
    first, last = -(-start // MINUTE_NANO), end // MINUTE_NANO
    if first >= last:
        return (0, 0), [window]
    edges = [Window(start, first * MINUTE_NANO), Window(last * MINUTE_NANO, end)]
    return (first, last), [edge for edge in edges if edge.start_unix_nano < edge.end_unix_nano]


def records(window: Window) -> QuerySet[Record]:
    """The records that start in the window."""
    return Record.objects.filter(
        start_time_unix_nano__gte=window.start_unix_nano, start_time_unix_nano__lt=window.end_unix_nano
    )


def failing_again(window: Window, at_least: int) -> set[int]:
    """The clusters with so many records in the window."""
    failed = (
        records(window)
        .filter(fingerprint__isnull=False)
        .values_list("fingerprint")
        .annotate(n=Count("trace_id"))
    )
    return {fingerprint for fingerprint, n in failed.order_by() if fingerprint is not None and n >= at_least}
