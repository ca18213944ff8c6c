"""
Whether a cluster is new, rising, steady or falling, against the window of the same length before.

An operation may fail with one error in this window and with another in the next. Where the operation as a whole fails
no more often than before, a few more failures of one kind are `steady`, if they can be chance (fisher.py).
"""

from __future__ import annotations

from diagnosis.statistics import fisher
from diagnosis.statistics.fisher import WindowCounts

RISING, FALLING = 2.0, 0.5  # times the rate before
ENOUGH = 3  # records' difference; below it, a change of rate counts as chance
# A rise may be chance if it is of FEW failures at most, with a p-value above CHANCE.
FEW, CHANCE = 20, 0.05


def trend(cluster: WindowCounts, operation: WindowCounts | None = None) -> str:
    """`new` where the window before had no such failure; else by failure rate, so that traffic alone is no trend."""
    direction = of_rate(cluster)
    if operation and direction in ("new", "rising") and takes_turns(cluster, operation):
        return "steady"
    return direction


def of_rate(cluster: WindowCounts) -> str:
    """The trend of the cluster, whatever else its operation does."""
    now, before = cluster
    if not before.failures:
        return "new"
    if abs(now.failures - before.failures) < ENOUGH or not now.exposure or not before.exposure:
        return "steady"
    if cluster.ratio >= RISING:
        return "rising"
    return "falling" if cluster.ratio <= FALLING else "steady"


def takes_turns(cluster: WindowCounts, operation: WindowCounts) -> bool:
    """Whether the operation failed in other ways before, fails no more often now, and this rise may be chance."""
    failed_otherwise = operation.before.failures > cluster.before.failures
    return (
        failed_otherwise
        and operation.ratio <= 1
        and cluster.now.failures <= FEW
        and fisher.p_value(cluster) > CHANCE
    )
