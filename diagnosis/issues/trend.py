"""
Whether a cluster is new, rising, steady or falling, against the window of the same length before.

An operation may fail with one error in this window and with another in the next. Where the operation as a whole fails
no more often than before, a few more failures of one kind are `steady`, if they can be chance (fisher.py). So is a
fall that can be chance, as where hardly anything ran in the window before (hypergeometric.py).

Of many clusters, some have no failure in the window before by chance alone. So a cluster is `new` only if all of its
failing sessions would fall into this window with a chance below CHANCE divided by the number of clusters
(https://en.wikipedia.org/wiki/Bonferroni_correction), and `unclear` otherwise, as where nothing ran before.
"""

from __future__ import annotations

from dataclasses import dataclass

from diagnosis.display.quantities import counted
from diagnosis.statistics import fisher
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.hypergeometric import all_in_part, upper_tail

NEW, RISING, STEADY, FALLING, UNCLEAR = "new", "rising", "steady", "falling", "unclear"
TRENDS = (NEW, RISING, STEADY, FALLING, UNCLEAR)
RISING_RATIO, FALLING_RATIO = 2.0, 0.5  # times the rate before
ENOUGH = 3  # records' difference; below it, a change of rate counts as chance
# A rise may be chance if it is of FEW failures at most, with a p-value above CHANCE.
FEW, CHANCE = 20, 0.05
NOTHING_BEFORE = "The operation did not run in the window before: there is nothing to compare with."


@dataclass(frozen=True, slots=True)
class Trend:
    """A trend, and why it is unclear; "" if it is not."""

    direction: str
    reason: str = ""


def trend(
    cluster: WindowCounts,
    operation: WindowCounts | None = None,
    sessions: int | None = None,
    clusters: int = 1,
) -> Trend:
    """
    The trend by failure rate, so that traffic alone is no trend.

    Args:
        operation: the failures of any kind of the cluster's operations.
        sessions: with failures of the cluster in this window; None: each failure is one of its own.
        clusters: that are compared with the window before.
    """
    direction = of_rate(cluster)
    if operation and direction in (NEW, RISING) and takes_turns(cluster, operation):
        return Trend(STEADY)
    return guarded(cluster, sessions, clusters) if direction == NEW else Trend(direction)


def guarded(cluster: WindowCounts, sessions: int | None, clusters: int) -> Trend:
    """The trend of a cluster without a failure in the window before: new, unless that can be chance."""
    now, before = cluster
    if not before.exposure:
        return Trend(UNCLEAR, NOTHING_BEFORE)
    events = min(now.failures, sessions or now.failures)
    if all_in_part(events, now.exposure, now.exposure + before.exposure) < CHANCE / clusters:
        return Trend(NEW)
    fewer = f" in {counted(events, 'session')}" if events < now.failures else ""
    return Trend(
        UNCLEAR,
        f"The window before had none, but of {counted(clusters, 'cluster')}, one with "
        f"{counted(now.failures, 'failure')}{fewer} can be absent from it by chance.",
    )


def of_rate(cluster: WindowCounts) -> str:
    """The trend of the cluster's rate, whatever else its operation does and whatever can be chance."""
    now, before = cluster
    if not before.failures:
        return NEW
    if abs(now.failures - before.failures) < ENOUGH or not now.exposure or not before.exposure:
        return STEADY
    if cluster.ratio >= RISING_RATIO:
        return RISING
    return FALLING if cluster.ratio <= FALLING_RATIO and not may_fall_by_chance(cluster) else STEADY


def may_fall_by_chance(cluster: WindowCounts) -> bool:
    """Whether so many of all failures, or more, would fall into the window before with a chance above CHANCE."""
    now, before = cluster
    records = now.exposure + before.exposure
    failures = min(now.failures + before.failures, records)
    return upper_tail(before.failures, before.exposure, failures, records) > CHANCE


def takes_turns(cluster: WindowCounts, operation: WindowCounts) -> bool:
    """Whether the operation failed in other ways before, fails no more often now, and this rise may be chance."""
    failed_otherwise = operation.before.failures > cluster.before.failures
    return (
        failed_otherwise
        and operation.ratio <= 1
        and cluster.now.failures <= FEW
        and fisher.p_value(cluster) > CHANCE
    )
