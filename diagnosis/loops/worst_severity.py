"""
The worst severity that a loop has had since it was proposed, measured before an approval counts.

Packets have the windows that agents ask for, and a minute of failures is less severe than a day of them. So where two
people must approve from a severity upwards, and no packet has shown that severity, it is measured by the rule of issues
over each hour and each day since a day before the loop was proposed, of the last 30 days at least and the last 90 at
most, and over all of the last 30 days. What only rules over windows find is sought by its rule: in the newest hour and
day and the last 30 days, in each of the last days, and, where visits of runs are kept, in the hours and days of the
same span in which most of them fail. When packets saw it only adds the hour and the day until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError

from diagnosis.detection.own_time import WindowTraces
from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues import extents, findings, stretch_severity
from diagnosis.issues.issue import Surroundings, measure_cluster
from diagnosis.loops import lifecycle
from diagnosis.models import Loop, Severity
from diagnosis.window import traffic
from diagnosis.window.deployments import records_by_deployment
from telemetry.reads.visits import failing_visits
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, unix_nano
from tenants.stores.binding import bind

HOUR, DAY = 60, 1440  # minutes
AFTER = timedelta(minutes=1)  # what was seen last is in a window that ends so much later
BEFORE = timedelta(days=1)  # what a loop was proposed for came before
LONGEST = 90 * DAY
DAY_NANO = DAY * MINUTE_NANO
DAYS = 7  # until now, each of which a rule that reads its traces seeks by itself
MOST = 100  # hours, and as many days, with failing visits that are measured


def severity_to_approve(loop: Loop, now: datetime) -> int:
    """The severity that decides how many people must approve: the loop's, or the measured one if that is worse."""
    lowest = loop.project.tenant.two_people
    if lowest <= loop.severity:  # nothing to gain; also where one person is always enough
        return loop.severity
    with bind(loop.project):
        return worst(loop.severity, measured_severities(loop, now))


def as_far_as_known(loop: Loop, now: datetime) -> int:
    """`severity_to_approve`, or the loop's severity while the store does not answer, so that its page can be read."""
    with suppress(DatabaseError, OSError):
        return severity_to_approve(loop, now)
    return loop.severity


def worst(severity: int, others: Iterator[int]) -> int:
    """The worst of these severities; what comes after the worst that there is is not measured."""
    for other in others:
        severity = max(severity, other)
        if severity == Severity.CRITICAL:
            break
    return severity


def measured_severities(loop: Loop, now: datetime) -> Iterator[int]:
    """The severity of the loop's cluster in each of the windows, from the bound project's store."""
    fingerprint, span = lifecycle.loop_fingerprint(loop), measured_span(loop, now)
    production = frozenset(loop.project.production_environments)
    if loop.signal_type in WINDOW_RULES.signals:
        is_of_runs = loop.signal_type in WINDOW_RULES.over_runs
        for window in sought_windows(loop, now):
            yield from found_severities(fingerprint, window, production, is_of_runs)
        return
    for minutes in (DAY, HOUR):
        yield from stretch_severity.severities(fingerprint, span, minutes, production)
    month = Window.ending(now, MAX_MINUTES)
    current, before = traffic.read_traffic(month), traffic.read_traffic(month.before)
    for extent in extents.read_extents(month, [fingerprint], production):
        deployments = records_by_deployment(month, extent.places)
        surroundings = Surroundings(current, before, deployments=deployments, production=production)
        yield measure_cluster(extent, surroundings).grade.severity


def sought_windows(loop: Loop, now: datetime) -> list[Window]:
    """The windows in which the rule of the loop's signal seeks its failure, the cheapest first."""
    newest = [Window.ending(now, HOUR), Window.ending(now, DAY)]
    last = min(loop.last_seen_at + AFTER, now) if loop.last_seen_at else now
    seen = [Window.ending(last, HOUR), Window.ending(last, DAY)] if last < now else []
    month = [Window.ending(now, MAX_MINUTES)]
    if loop.signal_type not in WINDOW_RULES.over_runs:
        days = [Window.ending(now - timedelta(days=number), DAY) for number in range(1, DAYS)]
        return [*newest, *seen, *month, *days]
    span, fingerprint = measured_span(loop, now), lifecycle.loop_fingerprint(loop)
    worst = [
        Window(number * minutes * MINUTE_NANO, (number + 1) * minutes * MINUTE_NANO)
        for minutes in (HOUR, DAY)
        for number in failing_visits.stretches(span, fingerprint, minutes * MINUTE_NANO, MOST)
    ]
    return [*newest, *seen, *month, *worst]


def found_severities(
    fingerprint: int, window: Window, production: frozenset[str], is_of_runs: bool
) -> Iterator[int]:
    """The severity of the cluster in the window, if its rule finds it there; `is_of_runs`: in kept visits alone."""
    kept = list(extents.read_run_extents(window))  # without reading a trace
    found = [extent for extent in kept if extent.fingerprint == fingerprint]
    if not found and not is_of_runs:
        sought = findings.read_rule_extents(window, WindowTraces(window))
        found = [extent for extent in sought if extent.fingerprint == fingerprint]
    if not found:
        return
    current, before = traffic.read_traffic(window), traffic.read_traffic(window.before)
    deployments = records_by_deployment(window, {place for extent in found for place in extent.places})
    surroundings = Surroundings(current, before, deployments=deployments, production=production)
    for extent in found:
        yield measure_cluster(extent, surroundings).grade.severity


def measured_span(loop: Loop, now: datetime) -> Window:
    """The time whose hours and days are measured; begins with a whole day."""
    longest, month = Window.ending(now, LONGEST), Window.ending(now, MAX_MINUTES)
    proposed = unix_nano(loop.created_at - BEFORE)
    start = max(longest.start_unix_nano, min(proposed, month.start_unix_nano))
    return Window(start - start % DAY_NANO, month.end_unix_nano)
