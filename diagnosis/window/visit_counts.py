"""
The counts of a cluster that a rule over runs finds: visits to its operations, and those that fail, by time and session.

What a visit is, and which fail, is defined by telemetry/reads/visits. Times are those of the visits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from diagnosis.statistics.overdispersion import Observed
from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import MOST_FAILING, Stretches, Target
from diagnosis.window.stretch_rows import StretchRow
from telemetry.reads.visits import failing_visits, visit_numbers
from telemetry.reads.visits.failing_visits import FailedVisit
from telemetry.reads.visits.visit_numbers import Called, placeholders
from telemetry.store.counts.rollups import TABLES
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, Window

A_STATEMENT = 400  # sessions
BY_SESSION = """
    SELECT session_id, COUNT(DISTINCT trace.trace_id) FROM telemetry_trace AS trace
    JOIN telemetry_record AS record ON record.trace_id = trace.trace_id
    WHERE session_id IN ({sessions}) AND NOT (session_id = '')
      AND trace.start_time_unix_nano >= %s AND trace.start_time_unix_nano < %s
      AND record.service = %s AND operation IN ({operations})
    GROUP BY session_id
"""


def observe_visits(window: Window, target: Target) -> Observed:
    """The visits to the target's operations in the window, in total and in batches, and how failing ones cluster."""
    failed = failed_visits(window, target)
    stretches = visit_stretches(window, target, failed)
    whole = cluster_counts.observed(stretches, failing_sessions(window, target, failed))
    if not failed:
        return whole
    last = failed[-1].start_time_unix_nano
    until_last = Window(window.start_unix_nano, last + 1)
    sessions = failing_sessions(until_last, target, failed)
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    begun = Window(max(window.start_unix_nano, last // size * size), last + 1)
    ended = {number: counts for number, counts in stretches.items() if number < last // size}
    last_stretch = visit_stretches(begun, target, failed, size // MINUTE_NANO)
    return replace(whole, at_last_failure=cluster_counts.observed(ended | last_stretch, sessions))


def failed_visits(window: Window, target: Target) -> list[FailedVisit]:
    """The target's failing visits in the window, by time, without the releases that are left out."""
    failed = failing_visits.failed_visits(window, target.fingerprint)
    return [visit for visit in failed if visit.release not in target.without_releases]


def called_by(target: Target) -> Called:
    """The operations of the target, and the releases whose visits do not count."""
    return Called(target.service, sorted(target.operations), target.without_releases)


def visit_stretches(
    window: Window, target: Target, failed: Iterable[FailedVisit], size: int | None = None
) -> Stretches:
    """The counts of every stretch of `size` minutes with visits; without a size, as long as the window's are."""
    minutes = size or cluster_counts.stretch_minutes(window)
    return cluster_counts.merged_stretches(stretch_rows(window, target, failed, minutes))


def stretch_rows(
    window: Window, target: Target, failed: Iterable[FailedVisit], size: int
) -> Iterator[StretchRow]:
    """The visits of the window by stretches of `size` minutes, and those of `failed` that are in it."""
    longest = max(minutes for minutes in TABLES if size % minutes == 0)
    for visit in visit_numbers.visits_over_time(window, called_by(target), longest):
        yield visit.start_time_unix_nano // (size * MINUTE_NANO), visit.number, 0
    for failing in failed:
        if window.start_unix_nano <= failing.start_time_unix_nano < window.end_unix_nano:
            yield failing.start_time_unix_nano // (size * MINUTE_NANO), 0, 1


def failing_sessions(window: Window, target: Target, failed: Sequence[FailedVisit]) -> list[Counts]:
    """The counts of each session with failing visits in the window, from the newest MOST_FAILING of them."""
    newest = [visit for visit in failed if visit.start_time_unix_nano < window.end_unix_nano][-MOST_FAILING:]
    failures = Counter(visit.session for visit in newest)
    visited = visits_of_sessions(window, target, sorted({visit.session_id or "" for visit in newest} - {""}))
    return [Counts(number, max(number, visited.get(session, 0))) for session, number in failures.items()]


def visits_of_sessions(window: Window, target: Target, session_ids: Sequence[str]) -> dict[str, int]:
    """The number of traces of each of these sessions that begin in the window and called the target's operations."""
    found: dict[str, int] = {}
    operations = sorted(target.operations)
    for start in range(0, len(session_ids), A_STATEMENT):
        chunk = session_ids[start : start + A_STATEMENT]
        sql = BY_SESSION.format(sessions=placeholders(chunk), operations=placeholders(operations))
        bounds = window.start_unix_nano, window.end_unix_nano
        found |= {
            session: int(n) for session, n in fetch(sql, [*chunk, *bounds, target.service, *operations])
        }
    return found
