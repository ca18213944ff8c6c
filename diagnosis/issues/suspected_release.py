"""
The release that a failure began with: its first traffic fails, and an older one ran the same operations healthily.

The release of a record is its `service.version` (https://opentelemetry.io/docs/specs/semconv/resource/#service).
A release is suspected if all of this holds:
- every failure in the sample ran this release;
- an older release ran the same operations before this release's first traffic, and does not fail this way;
- few of this release's own healthy records come before the first failure;
- if the other releases failed as often, their records would hardly all be healthy (CHANCE).

No record carries the fingerprint of what a rule over windows found: there the failures are those that the rule found in
the window, none of which counts as healthy. Nothing is suspected if it also found some in the window before, or if the
release is none of the service that is named, as of slow calls to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diagnosis.display.quantities import counted, to_the_second
from diagnosis.display.sentences import Sentence, filled
from diagnosis.issues.issue import Issue
from diagnosis.window.sampling import slices
from telemetry.reads import cluster_failures
from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.sql import fetch
from telemetry.windows import Window, moment

A_SLICE = 100  # healthy records of each slice of both windows
FAILURES = 100  # the first ones, whose releases are read
FEWEST = 5  # healthy records of other releases
# Healthy records of the release that may come before its first failure: so many, or such a share of them.
EARLY, EARLY_SHARE = 2, 0.2
CHANCE = 0.05
FIRST_HEALTHY = f"""
    SELECT service, operation, release, start_time_unix_nano, trace_id, span_id FROM telemetry_record AS record
    WHERE fingerprint IS NULL AND start_time_unix_nano >= %s AND start_time_unix_nano < %s AND {IS_COUNTED}
    ORDER BY start_time_unix_nano, trace_id, span_id LIMIT %s
"""  # noqa: S608  (constants)
REASON = (
    "Every failure looked at ran release {release}, and they begin with its first traffic at <time>; <healthy> looked "
    "at are of other releases, such as {older_release}, and show none of it."
)


class HealthyRun(NamedTuple):
    """The operation, release, time and ids of one healthy record."""

    service: str
    operation: str
    release: str
    start_time_unix_nano: int
    trace_id: bytes = b""
    span_id: bytes = b""


@dataclass(frozen=True, slots=True)
class FirstFailures:
    """The places and releases of a cluster's failures."""

    places: frozenset[tuple[str, str]]  # services and operations
    releases: frozenset[str]
    first_unix_nano: int  # over all time
    share: float  # of its operations' records


@dataclass(frozen=True, slots=True)
class SuspectedRelease:
    """A suspected release with the facts that implicate it."""

    release: str
    older: str
    since_unix_nano: int
    healthy: int  # records of other releases in the sample

    @property
    def reason(self) -> Sentence:
        """The reason for the suspicion."""
        since = to_the_second(moment(self.since_unix_nano))
        text = filled(REASON, time=since, healthy=counted(self.healthy, "healthy record"))
        return Sentence(text, {"release": self.release, "older_release": self.older})


def read_healthy_runs(window: Window) -> list[HealthyRun]:
    """Healthy records with a release of the bound project's window and the one before, spread over both."""
    runs: list[HealthyRun] = []
    for part in slices(Window(window.before.start_unix_nano, window.end_unix_nano)):
        runs += map(
            HealthyRun._make, fetch(FIRST_HEALTHY, [part.start_unix_nano, part.end_unix_nano, A_SLICE])
        )
    # Not filtered in the query, which would read the whole window where no record names a release.
    return [run for run in runs if run.release]


def of_issues(window: Window, issues: Sequence[Issue]) -> dict[int, SuspectedRelease]:
    """The suspected release of each issue that has one, by fingerprint, in the bound project."""
    failing_releases = {
        issue.cluster.fingerprint: {record.release for record in issue.evidence} - {""} for issue in issues
    }
    candidates = [issue for issue in issues if len(failing_releases[issue.cluster.fingerprint]) == 1]
    runs = read_healthy_runs(window) if candidates else []
    healthy_releases = {run.release for run in runs}
    suspects = {
        issue.cluster.fingerprint: suspect_of_rule(issue, runs)
        if issue.cluster.signal_type
        else suspect(first_failures(window, issue), runs)
        for issue in candidates
        if healthy_releases - failing_releases[issue.cluster.fingerprint]
    }
    return {fingerprint: suspected for fingerprint, suspected in suspects.items() if suspected}


def suspect_of_rule(issue: Issue, runs: Sequence[HealthyRun]) -> SuspectedRelease | None:
    """The suspected release of what a rule over windows found; `runs` may hold some of its records. Pure."""
    cluster = issue.cluster
    if cluster.before and cluster.before.failures:
        return None
    releases = frozenset(deployment.release for deployment in cluster.failures_by_deployment)
    services = {service for service, _ in cluster.places}
    if not any(run.release in releases and run.service in services for run in runs):
        return None
    found = set(cluster.spread(cluster.records))
    healthy = [run for run in runs if bytes(run.trace_id) + bytes(run.span_id) not in found]
    failures = FirstFailures(frozenset(cluster.places), releases, issue.first_seen, issue.impact.share)
    return suspect(failures, healthy)


def first_failures(window: Window, issue: Issue) -> FirstFailures:
    """The places of the issue's failures, and the releases of the first ones of both windows."""
    both = Window(window.before.start_unix_nano, window.end_unix_nano)
    rows = cluster_failures.failures(both, issue.cluster.fingerprint).order_by("start_time_unix_nano")
    releases = frozenset(rows.values_list("release", flat=True)[:FAILURES])
    return FirstFailures(frozenset(issue.cluster.places), releases, issue.first_seen, issue.impact.share)


def suspect(failures: FirstFailures, runs: Sequence[HealthyRun]) -> SuspectedRelease | None:
    """The release that the failures began with, if all conditions of this module hold. Pure."""
    if len(failures.releases) != 1 or failures.releases == {""}:
        return None
    (release,) = failures.releases
    services = {service for service, _ in failures.places}
    starts = [run.start_time_unix_nano for run in runs if run.release == release and run.service in services]
    first_traffic = min([failures.first_unix_nano, *starts])
    same_places = [run for run in runs if (run.service, run.operation) in failures.places]
    other_runs = [run for run in same_places if run.release != release]
    older_runs = [run for run in other_runs if run.start_time_unix_nano < first_traffic]
    release_runs = [run for run in same_places if run.release == release]
    if not older_runs or len(other_runs) < FEWEST or not begins(failures.first_unix_nano, release_runs):
        return None
    failing_share = share_of(failures.share, len(release_runs), len(same_places))
    if (1 - failing_share) ** len(other_runs) >= CHANCE:
        return None
    return SuspectedRelease(release, older_runs[-1].release, first_traffic, len(other_runs))


def begins(first_failure: int, release_runs: Sequence[HealthyRun]) -> bool:
    """Whether the release failed from the start, as far as its healthy records show."""
    earlier = sum(run.start_time_unix_nano < first_failure for run in release_runs)
    return earlier <= max(EARLY, EARLY_SHARE * len(release_runs))


def share_of(share: float, release_runs: int, healthy_runs: int) -> float:
    """The failing share of a release's records, if this share of all records fails and all failures are its own."""
    healthy_share = (1 - share) * release_runs / max(healthy_runs, 1)
    return share / (share + healthy_share) if share else 0.0
