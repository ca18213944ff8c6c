"""
The failures elsewhere that are linked to a fix, and why.

    hit_requests.read_hit_requests -> compared_requests.read_requests -> compared_requests.read_requests
        -> most_failing -> linked

Three links. `same requests`: requests of the kind that the failure hit fail with another cluster more often than before
the fix, or with one that never came before and falls on requests that share values with the hit ones. `same people`:
so do other requests of the sessions and users that were hit, and more often than those of anybody else. `begins with
the release`: the cluster came in the release of the fix for the first time, in operations that ran before. A cluster
that failed before at the same rate is not linked.

Each test takes its part of CHANCE by the number of clusters compared (Bonferroni), and failures of one session count
as its design effect lets them (Rao and Scott 1992, https://doi.org/10.2307/2532311).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from diagnosis.models import Loop
from diagnosis.side_effects import compared_requests, hit_requests, shared_values
from diagnosis.side_effects.compared_requests import ComparedRequests, FailedRequest
from diagnosis.side_effects.hit_requests import HitRequests
from diagnosis.side_effects.shared_values import ValuesOf
from diagnosis.statistics.rates import Counts, Tails, rate_ratio
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from telemetry.reads import cluster_failures
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window

SAME_REQUESTS, SAME_PEOPLE, WITH_RELEASE = "same requests", "same people", "begins with the release"
LINKS = (SAME_REQUESTS, SAME_PEOPLE, WITH_RELEASE)
REQUESTS, OF_PEOPLE, RECORDS = (
    "requests",
    "requests of the same people",
    "records",
)  # what is counted for each link
CHANCE = 0.01  # that any cluster is linked in one comparison although nothing changed
LEAST = 3  # requests after the fix that fail with a cluster; fewer are stray
MOST_COMPARED = 50  # clusters, those with most failing requests
MOST_NEW = 10  # of them whose requests are read


@dataclass(frozen=True, slots=True)
class FixInPlace:
    """A fix that shipped: what it is about, the windows before and after it, and since when it may run."""

    loop: Loop
    before: Window
    after: Window
    target: Target  # with the releases that are left out after the fix
    since_unix_nano: int  # when it shipped, or the first record of its release if that came before
    is_release_seen: bool

    @property
    def target_before(self) -> Target:
        """The target in the window before the fix, in which every release counts."""
        return Target(self.target.service, self.target.operations, self.target.fingerprint)


@dataclass(frozen=True, slots=True)
class SideEffect:
    """A cluster that is linked to the fix."""

    fingerprint: int
    links: tuple[str, ...]
    counted: str
    before: Counts
    after: Counts
    shared: tuple[
        str, ...
    ] = ()  # attributes whose values the failing requests share with those that were hit


@dataclass(frozen=True, slots=True)
class SideEffects:
    """The clusters that are linked to a fix, those of the same requests first, and how many were compared."""

    linked: list[SideEffect] = field(default_factory=list)
    compared: int = 0


@dataclass(frozen=True)
class Compared:
    """Both sides of a fix, with what is read of them once."""

    fix: FixInPlace
    hit: HitRequests
    before: ComparedRequests
    after: ComparedRequests

    @cached_property
    def values_of_hit(self) -> ValuesOf:
        """The values of the requests that the failure hit."""
        return shared_values.read_hit(self.fix.target, self.hit)

    @cached_property
    def values_of_healthy(self) -> ValuesOf:
        """The values of healthy requests since the fix."""
        return shared_values.read_healthy(self.after.window, self.fix.target, self.hit)


def find_side_effects(fix: FixInPlace) -> SideEffects:
    """The clusters of the bound project that are linked to the fix."""
    hit = hit_requests.read_hit_requests(fix.loop, fix.before, fix.target_before)
    before = compared_requests.read_requests(fix.before, fix.target_before, hit)
    after = compared_requests.read_requests(fix.after, fix.target, hit)
    fingerprints = most_failing(after)
    return linked(Compared(fix, hit, before, after), fingerprints)


def most_failing(after: ComparedRequests) -> list[int]:
    """The clusters with enough failing requests since the fix, most first, MOST_COMPARED at most."""
    numbers = {number: after.failing(number) for number in {*after.failed_of_people, *after.failed_of_others}}
    enough = [number for number, failing in numbers.items() if failing >= LEAST]
    return sorted(enough, key=lambda number: (-numbers[number], number))[:MOST_COMPARED]


def linked(compared: Compared, fingerprints: Sequence[int]) -> SideEffects:
    """Those of these clusters that are linked."""
    tail = CHANCE / (len(LINKS) * max(1, len(fingerprints)))
    since = compared.fix.since_unix_nano
    starts = cluster_failures.first_starts(fingerprints)
    new = [number for number in fingerprints if starts.get(number, 0) >= since]
    found = [
        effect
        for number in fingerprints
        if (effect := of_requests(compared, number, number in new[:MOST_NEW], tail))
        or (effect := of_people(compared, number, tail))
        or (number in new and (effect := of_release(compared, number, tail)))
    ]
    return SideEffects(sorted(found, key=importance), len(fingerprints))


def importance(effect: SideEffect) -> tuple[int, int, int]:
    """The sort key: the same requests first, then most failures."""
    return LINKS.index(effect.links[0]), -effect.after.failures, effect.fingerprint


def of_requests(compared: Compared, number: int, is_new: bool, tail: float) -> SideEffect | None:
    """The cluster if it fails more requests of the kind that was hit, or new ones that are like them."""
    failing = compared.after.failed_of_kind.get(number, [])
    if len(failing) < LEAST:
        return None
    before, after = compared.before.counts_of_kind(number), compared.after.counts_of_kind(number)
    shared = attributes_in_common(compared, failing, tail) if is_new else ()
    if not shared and not rose(before, after, design_effect(failing), tail):
        return None
    links = (
        (SAME_REQUESTS, WITH_RELEASE) if is_of_release(compared, number, tail, is_new) else (SAME_REQUESTS,)
    )
    return SideEffect(number, links, REQUESTS, before, after, shared)


def attributes_in_common(
    compared: Compared, failing: Sequence[FailedRequest], tail: float
) -> tuple[str, ...]:
    """The attributes whose values the failing requests share with those that were hit."""
    if len({request.session for request in failing}) < LEAST:
        return ()
    values = shared_values.read_failing(failing, compared.fix.target, compared.hit)
    return tuple(
        shared_values.shared_attributes(values, compared.values_of_healthy, compared.values_of_hit, tail)
    )


def of_people(compared: Compared, number: int, tail: float) -> SideEffect | None:
    """The cluster if it fails more requests of the people who were hit, and more often than those of others."""
    failing = compared.after.failed_of_people.get(number, [])
    before, after = compared.before.counts_of_people(number), compared.after.counts_of_people(number)
    design = design_effect(failing)
    if len(failing) < LEAST or not rose(before, after, design, tail):
        return None
    if not rose(compared.after.counts_of_others(number), after, design, tail):
        return None
    return SideEffect(number, (SAME_PEOPLE,), OF_PEOPLE, before, after)


def of_release(compared: Compared, number: int, tail: float) -> SideEffect | None:
    """The new cluster if its operations ran so often before the release that it would have come."""
    fix = compared.fix
    target = Target(
        fix.target.service,
        cluster_counts.failing_operations(fix.after, number),
        number,
        fix.target.without_releases,
    )
    after = cluster_counts.count_cluster(fix.after, target)
    long_before = Window(max(0, fix.since_unix_nano - MAX_MINUTES * MINUTE_NANO), fix.since_unix_nano)
    before = cluster_counts.count_cluster(long_before, target)
    sessions = cluster_counts.failing_sessions(fix.after, target)
    design = clustered([session.failures for session in sessions])
    if not fix.is_release_seen or len(sessions) < LEAST or not rose(before, after, design, tail):
        return None
    return SideEffect(number, (WITH_RELEASE,), RECORDS, before, after)


def is_of_release(compared: Compared, number: int, tail: float, is_new: bool) -> bool:
    """Whether the cluster begins with the release of the fix."""
    return is_new and of_release(compared, number, tail) is not None


def rose(before: Counts, after: Counts, design: float, tail: float) -> bool:
    """Whether the rate after is higher, beyond chance."""
    return rate_ratio(before, after, Tails(tail, tail), (design, design)).low > 1


def design_effect(failing: Sequence[FailedRequest]) -> float:
    """The design effect of failing requests that come in sessions."""
    return clustered(list(Counter(request.session for request in failing).values()))


def clustered(sizes: Sequence[int]) -> float:
    """The variance of a count of failures that come in sessions of these sizes, over its mean."""
    return sum(size * size for size in sizes) / sum(sizes) if sizes else 1.0
