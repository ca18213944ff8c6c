"""
The failures elsewhere that are linked to a fix, and why.

    hit_requests.read_hit_requests -> compared_requests.read_requests -> anytime.begun_window
        -> compared_requests.read_requests -> most_failing -> linked

Three links. `same requests`: requests of the kind that the failure hit fail with another cluster more often than before
the fix, or with one that never came before and falls on requests that share values with the hit ones. `same people`:
so do other requests of the sessions and users that were hit, and more often than those of anybody else. `begins with
the release`: the cluster came in the release of the fix for the first time, in operations that ran before. A cluster
that failed before at the same rate is not linked.

The tests may be repeated at any time: all of them together, whenever somebody looks, link a cluster wrongly with CHANCE
at most (anytime.py). A session that fails again and again counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from diagnosis.models import Loop
from diagnosis.side_effects import anytime, compared_requests, hit_requests, shared_values
from diagnosis.side_effects.compared_requests import ComparedRequests, FailedRequest, by_time, newest_part
from diagnosis.side_effects.hit_requests import HitRequests
from diagnosis.side_effects.shared_values import ValuesOf
from diagnosis.statistics.rates import Counts
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
CHANCE = 0.01  # that any cluster is ever linked although nothing changed
TESTS = 4  # of a cluster: two of the same requests, one for each other link
LEAST = 3  # requests after the fix that fail with a cluster; fewer are stray
SIZES = (3, 4, 6, 8, 12, 16, 24)  # failing sessions of which the values are compared, each number once
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
    part: float  # of the chance, for a window that begins as the one after does

    @cached_property
    def values_of_hit(self) -> ValuesOf:
        """The values of the requests that the failure hit."""
        return shared_values.read_hit(self.fix.target, self.hit)

    def values_of_healthy(self, until_unix_nano: int) -> ValuesOf:
        """The values of healthy requests since the fix until then."""
        window = Window(self.after.window.start_unix_nano, until_unix_nano)
        return shared_values.read_healthy(window, self.fix.target, self.hit)


def find_side_effects(fix: FixInPlace) -> SideEffects:
    """The clusters of the bound project that are linked to the fix."""
    hit = hit_requests.read_hit_requests(fix.loop, fix.before, fix.target_before)
    before = compared_requests.read_requests(newest_part(fix.before), fix.target_before, hit)
    begun = anytime.begun_window(newest_part(fix.after), fix.before.end_unix_nano)
    after = compared_requests.read_requests(begun.window, fix.target, hit)
    return linked(Compared(fix, hit, before, after, begun.part), most_failing(after, fix.since_unix_nano))


@dataclass(frozen=True, slots=True)
class ComparedCluster:
    """A cluster that is compared."""

    fingerprint: int
    is_new: bool  # it never failed before the fix
    place: int  # among the new ones or the others, in the order in which they had LEAST failing requests


def most_failing(after: ComparedRequests, since_unix_nano: int) -> list[ComparedCluster]:
    """The clusters with enough failing requests since the fix, most first, MOST_COMPARED at most."""
    failing = {number: after.failing(number) for number in {*after.failed_of_people, *after.failed_of_others}}
    enough = {number: requests for number, requests in failing.items() if len(requests) >= LEAST}
    starts = cluster_failures.first_starts(enough)
    new = {number for number in enough if starts.get(number, 0) >= since_unix_nano}
    places: dict[int, int] = {}
    for kind in (new, enough.keys() - new):
        in_order = sorted(kind, key=lambda number: (by_time(enough[number][LEAST - 1]), number))
        places |= {number: place for place, number in enumerate(in_order, start=1)}
    most = sorted(enough, key=lambda number: (-len(enough[number]), number))[:MOST_COMPARED]
    return [ComparedCluster(number, number in new, places[number]) for number in most]


def linked(compared: Compared, candidates: Sequence[ComparedCluster]) -> SideEffects:
    """Those of these clusters that are linked; each is tested at the part of CHANCE of its place, new ones apart."""
    newest = {one.fingerprint for one in [one for one in candidates if one.is_new][:MOST_NEW]}
    found = []
    for one in candidates:
        number, tail = one.fingerprint, CHANCE / 2 * compared.part * anytime.part_of_place(one.place) / TESTS
        if (
            (effect := of_requests(compared, number, number in newest, tail))
            or (effect := of_people(compared, number, tail))
            or (one.is_new and (effect := of_release(compared, number, tail)))
        ):
            found.append(effect)
    return SideEffects(sorted(found, key=importance), len(candidates))


def importance(effect: SideEffect) -> tuple[int, int, int]:
    """The sort key: the same requests first, then most failures."""
    return LINKS.index(effect.links[0]), -effect.after.failures, effect.fingerprint


def of_requests(compared: Compared, number: int, is_new: bool, tail: float) -> SideEffect | None:
    """The cluster if it fails more requests of the kind that was hit, or new ones that are like them."""
    failing = compared.after.failed_of_kind.get(number, [])
    if len(failing) < LEAST:
        return None
    shared = attributes_in_common(compared, failing, tail) if is_new else ()
    old, new = compared.before.sessions_of_kind(number), compared.after.sessions_of_kind(number)
    if not shared and not anytime.fails_more(old, new, tail):
        return None
    links = (
        (SAME_REQUESTS, WITH_RELEASE) if is_of_release(compared, number, tail, is_new) else (SAME_REQUESTS,)
    )
    before, after = (side.counts_of_kind(number) for side in (compared.before, compared.after))
    return SideEffect(number, links, REQUESTS, before, after, shared)


def attributes_in_common(
    compared: Compared, failing: Sequence[FailedRequest], tail: float
) -> tuple[str, ...]:
    """
    The attributes whose values the failing requests share with those that were hit.

    The first of the failing sessions are compared with the healthy requests until the last of them: at each number of
    SIZES anew, and in between nothing that is compared changes.
    """
    first_of_session: dict[str, FailedRequest] = {}
    for request in sorted(failing, key=by_time):
        first_of_session.setdefault(request.session, request)
    sizes = [size for size in SIZES if size <= len(first_of_session)]
    if not sizes:
        return ()
    first = list(first_of_session.values())[: sizes[-1]]
    values = shared_values.read_failing(first, compared.fix.target, compared.hit)
    if not shared_values.has_common(values, compared.values_of_hit):
        return ()
    healthy = compared.values_of_healthy(first[-1].start_time_unix_nano)
    return tuple(shared_values.shared_attributes(values, healthy, compared.values_of_hit, tail / len(SIZES)))


def of_people(compared: Compared, number: int, tail: float) -> SideEffect | None:
    """The cluster if it fails more requests of the people who were hit, and more often than those of others."""
    failing = compared.after.failed_of_people.get(number, [])
    before, after = (side.sessions_of_people(number) for side in (compared.before, compared.after))
    if len(failing) < LEAST or not anytime.fails_more(before, after, tail):
        return None
    if not anytime.fails_more(compared.after.sessions_of_others(number), after, tail):
        return None
    counts = compared.before.counts_of_people(number), compared.after.counts_of_people(number)
    return SideEffect(number, (SAME_PEOPLE,), OF_PEOPLE, *counts)


def of_release(compared: Compared, number: int, tail: float) -> SideEffect | None:
    """The new cluster if its operations ran so often before the release that it would have come."""
    fix = compared.fix
    if not fix.is_release_seen:
        return None
    operations = cluster_counts.failing_operations(fix.after, number)
    target = Target(fix.target.service, operations, number, fix.target.without_releases)
    after = cluster_counts.count_cluster(fix.after, target)
    long_before = Window(max(0, fix.since_unix_nano - MAX_MINUTES * MINUTE_NANO), fix.since_unix_nano)
    before = cluster_counts.count_cluster(long_before, target)
    sessions = len(cluster_counts.failing_sessions(fix.after, target))
    old, new = (
        anytime.Sessions(failing, side.exposure)
        for failing, side in ((before.failures, before), (sessions, after))
    )
    if sessions < LEAST or not anytime.fails_more(old, new, tail):
        return None
    return SideEffect(number, (WITH_RELEASE,), RECORDS, before, after)


def is_of_release(compared: Compared, number: int, tail: float, is_new: bool) -> bool:
    """Whether the cluster begins with the release of the fix."""
    return is_new and of_release(compared, number, tail) is not None
