"""
The release that a failure began with: its first traffic fails, and an older one ran the same operations healthily.

Releases are what records say by `service.version` (https://opentelemetry.io/docs/specs/semconv/resource/#service).
All of these must hold, or nothing is suspected:
- every failure that was looked at ran one release;
- another one ran the same operations before that release's first traffic, and does not fail this way;
- of the release's own healthy records few come before the first failure;
- had the other failed as often, as many of its records would hardly all be healthy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diagnosis.issues.issue import Issue
from diagnosis.window import exposure
from diagnosis.window.sampling import slices
from telemetry.models import Record
from telemetry.windows import Window, rfc3339

A_SLICE = 100  # healthy records of each slice of both windows
FAILURES = 100  # looked at, the first
FEWEST = 5  # healthy records of the older release
EARLY, EARLY_SHARE = (
    2,
    0.2,
)  # healthy records of the release before its first failure: so many, or such a share
CHANCE = 0.05


class HealthyRun(NamedTuple):
    """One healthy record, in short."""

    service: str
    operation: str
    release: str
    start_time_unix_nano: int


@dataclass(frozen=True, slots=True)
class Failed:
    """What is known of a cluster's failures."""

    places: frozenset[tuple[str, str]]  # services and operations
    releases: frozenset[str]
    first_unix_nano: int  # over all time
    share: float  # of the operations' records


@dataclass(frozen=True, slots=True)
class Suspected:
    """A release with what speaks against it."""

    release: str
    older: str
    since_unix_nano: int
    healthy: int  # records of the older one that were looked at

    @property
    def reason(self) -> str:
        """For people."""
        return (
            f"Every failure looked at ran release {self.release}, and they begin with its first traffic at "
            f"{rfc3339(self.since_unix_nano)}; {self.healthy} healthy records of release {self.older} show none of it."
        )


def read(window: Window) -> list[HealthyRun]:
    """Healthy records of the bound project's window and the one before, spread over both."""
    found: list[HealthyRun] = []
    for part in slices(Window(window.before.start_unix_nano, window.end_unix_nano)):
        healthy = exposure.records(part).filter(fingerprint__isnull=True)
        rows = healthy.order_by("start_time_unix_nano", "trace_id", "span_id").values_list(
            *HealthyRun._fields
        )
        found += [HealthyRun(*row) for row in rows[:A_SLICE]]
    return [one for one in found if one.release]  # asking for them would read on where nobody names releases


def of_issues(window: Window, issues: Sequence[Issue]) -> dict[int, Suspected]:
    """The suspected release of each issue that has one, by fingerprint, in the bound project."""
    named = {issue.cluster.fingerprint: {one.release for one in issue.evidence} - {""} for issue in issues}
    candidates = [issue for issue in issues if len(named[issue.cluster.fingerprint]) == 1]
    ran = read(window) if candidates else []
    ever = {one.release for one in ran}
    found = {
        issue.cluster.fingerprint: suspect(failed(window, issue), ran)
        for issue in candidates
        if ever - named[issue.cluster.fingerprint]
    }
    return {fingerprint: suspected for fingerprint, suspected in found.items() if suspected}


def failed(window: Window, issue: Issue) -> Failed:
    """What the first failures of both windows say."""
    rows = Record.objects.filter(
        fingerprint=issue.cluster.fingerprint,
        start_time_unix_nano__gte=window.before.start_unix_nano,
        start_time_unix_nano__lt=window.end_unix_nano,
    ).order_by("start_time_unix_nano")
    releases = frozenset(rows.values_list("release", flat=True)[:FAILURES])
    return Failed(frozenset(issue.cluster.places), releases, issue.first_seen, issue.impact.share)


def suspect(failures: Failed, ran: Sequence[HealthyRun]) -> Suspected | None:
    """The release that the failures began with, if all that speaks for it holds. Pure."""
    if len(failures.releases) != 1 or failures.releases == {""}:
        return None
    (release,) = failures.releases
    services = {service for service, _ in failures.places}
    its = [one for one in ran if one.release == release and one.service in services]
    began = min([failures.first_unix_nano, *(one.start_time_unix_nano for one in its)])
    here = [one for one in ran if (one.service, one.operation) in failures.places]
    others = [one for one in here if one.release != release]
    older = [one for one in others if one.start_time_unix_nano < began]
    own = [one for one in here if one.release == release]
    if not older or len(others) < FEWEST or not begins(failures.first_unix_nano, own):
        return None
    if (1 - share_of(failures.share, len(own), len(here))) ** len(others) >= CHANCE:
        return None
    return Suspected(release, older[-1].release, began, len(others))


def begins(first_failure: int, own: Sequence[HealthyRun]) -> bool:
    """Whether the release failed from the start, as far as its healthy records show."""
    earlier = sum(one.start_time_unix_nano < first_failure for one in own)
    return earlier <= max(EARLY, EARLY_SHARE * len(own))


def share_of(share: float, own: int, healthy: int) -> float:
    """Of the release's own records the share that fails, from that of all and its part of the healthy ones."""
    its_healthy = (1 - share) * own / max(healthy, 1)
    return share / (share + its_healthy) if share else 0.0
