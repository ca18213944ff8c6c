"""
The severity of a cluster in each hour or day of a window, by the rule of issues (impact.grade), from counts alone.

Two statements group the cluster's failures by stretch in the one index that holds them, and one reads the rollups of
the operations and stretches in which it failed, and of the stretches before these. No record is read, and nothing of
other operations, so that all hours of months cost less than one diagnosis of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from diagnosis.issues import impact
from diagnosis.issues.impact import RATINGS, RECORDS, Impact
from diagnosis.issues.trend import trend
from diagnosis.models import Severity
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts
from diagnosis.window.traffic import ServiceOperation
from telemetry.spans.signal_traces import END, PREFIX
from telemetry.store.counts.rollups import TABLES
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.store.sql import fetch, fetch_many
from telemetry.windows import MINUTE_NANO, Window

# Of a stretch of that many nanoseconds; `fingerprint`, `start` and `end` follow.
WHERE = "WHERE fingerprint = %s AND start_time_unix_nano >= %s AND start_time_unix_nano < %s {environments}"
KINDS = f"""
    SELECT start_time_unix_nano / %s, is_downstream, severity, service, operation, COUNT(*)
    FROM telemetry_attribution {WHERE} GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608  (constants)
PEOPLE = f"""
    SELECT start_time_unix_nano / %s, COUNT(DISTINCT session_key), COUNT(DISTINCT NULLIF(user_key, 0)),
        SUM(CASE WHEN trace_id >= %s AND trace_id < %s THEN 1 ELSE 0 END)
    FROM telemetry_attribution {WHERE} AND NOT is_downstream GROUP BY 1
"""  # noqa: S608
RAN = """
    WITH wanted (wanted_minute, wanted_service, wanted_operation) AS (VALUES {{rows}})
    SELECT minute, service, operation, fingerprint, SUM(count) FROM wanted JOIN {table}
    ON minute = wanted_minute AND service = wanted_service AND operation = wanted_operation GROUP BY 1, 2, 3, 4
"""
RAN_THERE = """
    WITH wanted (wanted_minute, wanted_service, wanted_operation, wanted_environment) AS (VALUES {{rows}})
    SELECT wanted_minute, service, operation, SUM(count), SUM(failures) FROM wanted JOIN telemetry_deploymentcounts
    ON service = wanted_service AND operation = wanted_operation AND minutes = 60 AND minute >= wanted_minute
    AND minute < wanted_minute + {minutes} AND environment = wanted_environment GROUP BY 1, 2, 3
"""
Place = tuple[int, str, str]  # an operation of a service in the stretch that begins with that minute


@dataclass(slots=True)
class Stretch:
    """What the failures of the cluster in one stretch say."""

    records: int = 0
    sessions: int = 0
    users: int = 0
    ratings: int = 0  # its records that are user signals
    severities: set[str] = field(default_factory=set)  # of its records and their downstream failures
    failures_in: Counter[ServiceOperation] = field(default_factory=Counter)  # its records by operation


@dataclass(slots=True)
class Ran:
    """How often an operation ran in a stretch, and how many of its records failed with other fingerprints."""

    records: int = 0
    other_failures: int = 0


def severities(
    fingerprint: int, window: Window, minutes: int, production: Collection[str] = ()
) -> Iterator[Severity]:
    """
    The severity in each stretch of that many minutes, 60 or 1440, in which the bound project's cluster failed.

    Args:
        production: environments that an operator named: then by the failures there, and medium at most by all.
    """
    overall = severities_in(fingerprint, window, minutes)
    if not production:
        yield from overall
        return
    yield from (min(severity, Severity.MEDIUM) for severity in overall)
    yield from severities_in(fingerprint, window, minutes, production)


def severities_in(
    fingerprint: int, window: Window, minutes: int, environments: Collection[str] = ()
) -> Iterator[Severity]:
    """The severity in each stretch, by the failures in these environments alone; of all without any."""
    stretches = read_stretches(fingerprint, window, minutes, sorted(environments))
    if environments:
        ran = read_ran_in(sorted(environments), stretches, minutes)
    else:
        ran = read_ran(fingerprint, stretches, minutes)
    for number, stretch in stretches.items():
        if stretch.records:
            yield severity_of(stretch, *compared(number, stretches, ran, minutes))


def read_stretches(
    fingerprint: int, window: Window, minutes: int, environments: Sequence[str]
) -> dict[int, Stretch]:
    """The stretches in which the cluster failed, by their number since 1970."""
    there = f"AND environment IN ({', '.join(['%s'] * len(environments))})" if environments else ""
    parameters = [
        *(minutes * MINUTE_NANO, fingerprint, window.start_unix_nano, window.end_unix_nano),
        *environments,
    ]
    stretches: dict[int, Stretch] = defaultdict(Stretch)
    for number, is_downstream, severity, service, operation, count in fetch(
        KINDS.format(environments=there), parameters
    ):
        stretch = stretches[number]
        stretch.severities.add(severity)
        if not is_downstream:
            stretch.records += count
            stretch.failures_in[ServiceOperation(service, operation)] += count
    people = fetch(PEOPLE.format(environments=there), [parameters[0], PREFIX, END, *parameters[1:]])
    for number, sessions, users, ratings in people:
        stretch = stretches[number]
        stretch.sessions, stretch.users, stretch.ratings = sessions, users, int(ratings)
    return dict(stretches)


def read_ran(fingerprint: int, stretches: Mapping[int, Stretch], minutes: int) -> dict[Place, Ran]:
    """How often the operations of each stretch ran in it and in the one before."""
    wanted = wanted_places(stretches, minutes)
    ran: dict[Place, Ran] = defaultdict(Ran)
    for minute, service, operation, of, count in fetch_many(
        RAN.format(table=TABLES[minutes]), sorted(wanted)
    ):
        counts = ran[minute, service, operation]
        counts.records += count
        counts.other_failures += count if of not in (NO_FAILURE, fingerprint) else 0
    return ran


def wanted_places(stretches: Mapping[int, Stretch], minutes: int) -> set[Place]:
    """The operations of each stretch, in it and in the one before."""
    return {
        (begin * minutes, *place)
        for number, stretch in stretches.items()
        for begin in (number, number - 1)
        for place in stretch.failures_in
    }


def read_ran_in(
    environments: Sequence[str], stretches: Mapping[int, Stretch], minutes: int
) -> dict[Place, Ran]:
    """The same in these environments alone, of which `stretches` are."""
    wanted = [
        (*place, environment)
        for place in sorted(wanted_places(stretches, minutes))
        for environment in environments
    ]
    ran: dict[Place, Ran] = defaultdict(Ran)
    for minute, service, operation, count, failed in fetch_many(RAN_THERE.format(minutes=minutes), wanted):
        counts = ran[minute, service, operation]
        counts.records += int(count)
        counts.other_failures += int(failed)
    for (minute, *place), counts in ran.items():
        own = stretches.get(minute // minutes, Stretch()).failures_in[ServiceOperation(*place)]
        counts.other_failures = max(0, counts.other_failures - own)
    return ran


def compared(
    number: int, stretches: Mapping[int, Stretch], ran: Mapping[Place, Ran], minutes: int
) -> tuple[WindowCounts, WindowCounts]:
    """The failures of the cluster, and those of its operations of any kind, in the stretch and in the one before."""
    clusters, operations = [], []
    places = stretches[number].failures_in
    for begin in (number, number - 1):
        at_places = [ran.get((begin * minutes, *place), Ran()) for place in places]
        failures_in = stretches[begin].failures_in if begin in stretches else Counter()
        failures = failures_in.total()
        inside = sum(failures_in[place] for place in places)
        exposure = sum(counts.records for counts in at_places)
        clusters.append(Counts(failures, max(failures, exposure + failures - inside)))
        failed = inside + sum(counts.other_failures for counts in at_places)
        operations.append(Counts(min(exposure, failed), exposure))
    return WindowCounts(*clusters), WindowCounts(*operations)


def severity_of(stretch: Stretch, cluster: WindowCounts, operation: WindowCounts) -> Severity:
    """The severity of an issue with these counts."""
    exposure = cluster.now.exposure
    found = Impact(
        records=stretch.records,
        traces=stretch.records,
        sessions=stretch.sessions,
        users=stretch.users,
        operation_records=exposure,
        share=round(stretch.records / exposure, 4),
        share_of=RATINGS if stretch.ratings == stretch.records else RECORDS,
    )
    return impact.grade(stretch.severities, found, trend(cluster, operation).direction).severity
