"""
The severity of a loop over windows that LoopKit chooses, measured before an approval counts.

Packets have the windows that agents ask for, and a minute of failures is less severe than a day of them. So where two
people must approve from a severity upwards, and no packet has shown that severity, it is measured over the hour and
the day with the most failures, and over all of the last 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from django.db import DatabaseError

from diagnosis.issues import extents
from diagnosis.issues.issue import Surroundings, measure_cluster
from diagnosis.loops import lifecycle
from diagnosis.models import Loop, Severity
from diagnosis.window import traffic
from telemetry.models import DayRollup, HourRollup, RollupCounts
from telemetry.store.sql import fetch
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, unix_nano
from tenants.stores.binding import bind

HOUR, DAY = 60, 1440  # minutes
WORST = """
    SELECT minute FROM {table} WHERE fingerprint = %s AND minute >= %s AND minute < %s
    GROUP BY minute ORDER BY SUM(count) DESC, minute LIMIT 1
"""


def severity_to_approve(loop: Loop, now: datetime) -> int:
    """The severity that decides how many people must approve: the loop's, or the measured one if that is worse."""
    lowest = loop.project.tenant.two_people
    if lowest <= loop.severity:  # nothing to gain; also where one person is always enough
        return loop.severity
    with bind(loop.project):
        return max(loop.severity, *measured_severities(lifecycle.loop_fingerprint(loop), now))


def as_far_as_known(loop: Loop, now: datetime) -> int:
    """`severity_to_approve`, or the loop's severity while the store does not answer, so that its page can be read."""
    with suppress(DatabaseError, OSError):
        return severity_to_approve(loop, now)
    return loop.severity


def measured_severities(fingerprint: int, now: datetime) -> Iterator[int]:
    """The severity of the cluster in each of the windows, from the bound project's store; low where it has none."""
    yield Severity.LOW
    for window in windows_to_measure(fingerprint, now):
        surroundings = Surroundings(traffic.read_traffic(window), traffic.read_traffic(window.before), {})
        for extent in extents.read_extents(window, [fingerprint]):
            yield measure_cluster(extent, surroundings).grade.severity


def windows_to_measure(fingerprint: int, now: datetime) -> Iterator[Window]:
    """The last 30 days, and the hour and the day in them in which the cluster failed most."""
    end = unix_nano(now)
    month = Window(end - MAX_MINUTES * MINUTE_NANO, end)
    yield month
    yield from worst_stretch(HourRollup, HOUR, fingerprint, month)
    yield from worst_stretch(DayRollup, DAY, fingerprint, month)


def worst_stretch(
    model: type[RollupCounts], minutes: int, fingerprint: int, month: Window
) -> Iterator[Window]:
    """The stretch of that length in which the cluster failed most; nothing if it failed in none."""
    first, last = (edge // MINUTE_NANO for edge in (month.start_unix_nano, month.end_unix_nano))
    rows = fetch(WORST.format(table=model._meta.db_table), [fingerprint, first, last])
    for (minute,) in rows:
        yield Window(minute * MINUTE_NANO, (minute + minutes) * MINUTE_NANO)
