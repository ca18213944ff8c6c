"""
Services that became slow: the `latency` signal, against the window of the same length before.

What an operation spends itself is compared, without what its children took, so that the slow one is named and not
everyone who waits for it; a call that takes longer than the callee ran is charged to the callee, whose network or
queue it is. Judged by the Mann-Whitney test (https://doi.org/10.1214/aoms/1177730491) with a least effect; nothing
is read but rollups as long as no operation's durations moved.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from statistics import median
from typing import NamedTuple

from diagnosis.clusters import Cluster
from diagnosis.failures import Failing
from diagnosis.timing import Place, Ran, moved, runs
from telemetry.fingerprint import VERSION
from telemetry.windows import Window

SIGNAL = "latency"
FEWEST = 3  # records on each side
ROUNDING_MS = 0.2  # added to both medians: clocks are no better
SLOW_QUANTILE = 0.9  # of the window before; what took longer is shown
CALLEES, RAISED = 2, 1.5  # most of so many services answer one caller late: then it is the caller
SEVERE = 10  # times as long
LEADING = 0.7  # of the largest ratio, as logarithms; what slowed less waits for what slowed most


class Effect(NamedTuple):
    """What must be there to be said: the more records, the smaller an effect is seen."""

    records: int  # on each side
    ratio: float  # of the medians
    grown_ms: float
    z: float  # standard deviations


EFFECTS = (
    Effect(200, 1.25, 1, 3.3),
    Effect(30, 1.5, 1, 3.3),
    Effect(5, 2, 1, 3.3),
    Effect(FEWEST, 5, 5, 2.3),
)


@dataclass(frozen=True, slots=True)
class Slower:
    """What an operation spent itself, in milliseconds, before and now."""

    place: Place
    before: list[float]
    now: list[Ran]

    @property
    def ratio(self) -> float:
        """How many times longer the median takes."""
        return (self.median_now + ROUNDING_MS) / (median(self.before) + ROUNDING_MS)

    @property
    def median_now(self) -> float:
        """Milliseconds."""
        return median(ran.own_ms for ran in self.now)

    @property
    def is_sure(self) -> bool:
        """More than chance and more than a trifle."""
        records, grown = min(len(self.before), len(self.now)), self.median_now - median(self.before)
        met = [least for least in EFFECTS if records >= least.records]
        possible = [least for least in met if self.ratio >= least.ratio and grown >= least.grown_ms]
        if not possible:
            return False
        return z_score(self.before, [ran.own_ms for ran in self.now]) >= min(least.z for least in possible)

    def leads(self, most: Slower) -> bool:
        """Whether it slowed by so much that it does not only wait for the one that slowed most."""
        return math.log(self.ratio) >= LEADING * math.log(most.ratio)

    @property
    def message(self) -> str:
        """For people; the numbers are of the window."""
        what = "calls to it take" if self.place.caller else "takes"
        before, now = median(self.before), self.median_now
        return f"{what} {self.ratio:.1f} times as long as before: median {now:.1f} ms, was {before:.1f} ms"


def find(window: Window) -> list[Cluster]:
    """One cluster for each service of the bound project that became slow, by name."""
    if not moved(window):
        return []
    before, now = by_place(runs(window.before)), by_place(runs(window))
    compared = [
        Slower(place, [ran.own_ms for ran in before[place]], now[place]) for place in now if place in before
    ]
    measured = [one for one in compared if min(len(one.before), len(one.now)) >= FEWEST]
    worst = worst_of_each(charged([one for one in measured if one.is_sure], measured))
    return (
        [cluster(worst[0], worst), *(cluster(one, []) for one in worst[1:] if one.leads(worst[0]))]
        if worst
        else []
    )


def charged(slower: list[Slower], measured: list[Slower]) -> Iterator[Slower]:
    """Slow calls to the callee, but to the caller where most of its calls to several services are slow."""
    called, late = callees(measured), callees(one for one in measured if one.ratio >= RAISED)
    for one in slower:
        caller = one.place.caller
        if caller and len(late[caller]) >= CALLEES and 2 * len(late[caller]) > len(called[caller]):
            yield replace(one, place=Place(caller, one.now[0].step.operation))
        else:
            yield one


def callees(slower: Iterable[Slower]) -> dict[str, set[str]]:
    """Which services each service called."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in slower:
        found[one.place.caller].add(one.place.service)
    return found


def by_place(ran: Iterable[Ran]) -> Mapping[Place, list[Ran]]:
    """The runs of each operation."""
    found: dict[Place, list[Ran]] = defaultdict(list)
    for one in ran:
        found[one.place].append(one)
    return found


def worst_of_each(slower: Iterable[Slower]) -> list[Slower]:
    """Of each service the operation that slowed most, the largest ratio first."""
    worst: dict[str, Slower] = {}
    for one in sorted(slower, key=lambda one: (-one.ratio, one.place)):
        worst.setdefault(one.place.service, one)  # its others wait for the same CPU, lock or network
    return list(worst.values())


def cluster(slower: Slower, all_slower: list[Slower]) -> Cluster:
    """Its slow runs; those of services that slowed less are echoes."""
    behind = [record for one in all_slower if not one.leads(slower) for record in slow_runs(one)]
    return Cluster(fingerprint(slower.place), slow_runs(slower), behind, looked_at=len(slower.now))


def slow_runs(slower: Slower) -> list[Failing]:
    """The runs that took longer than nearly all did before, by time."""
    limit = sorted(slower.before)[int(SLOW_QUANTILE * (len(slower.before) - 1))]
    number = fingerprint(slower.place)
    severity = "high" if slower.ratio >= SEVERE else "medium"
    slow = [
        replace(ran, place=slower.place).failing(SIGNAL, severity, slower.message, number)
        for ran in slower.now
        if ran.own_ms > limit
    ]
    return sorted(slow, key=lambda one: (one.start_time_unix_nano, one.trace_id, one.span_id))


def fingerprint(place: Place) -> int:
    """The key of "this operation is slow", in every window."""
    text = "\x00".join((str(VERSION), SIGNAL, place.service, place.operation))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True) or 1


def z_score(before: list[float], now: list[float]) -> float:
    """How many standard deviations the ranks of `now` lie above chance; ties share their rank."""
    ranked = sorted([(value, 0) for value in before] + [(value, 1) for value in now])
    total = start = 0.0
    while int(start) < len(ranked):
        end = int(start)
        while end < len(ranked) and ranked[end][0] == ranked[int(start)][0]:
            end += 1
        total += (start + end + 1) / 2 * sum(side for _, side in ranked[int(start) : end])
        start = end
    n, m = len(before), len(now)
    return (total - m * (m + 1) / 2 - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
