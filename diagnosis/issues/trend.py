"""
Whether a cluster is new, rising, steady or falling, against the window of the same length before.

Failures of one operation take turns: what fails the operation in one window under one name may do so in the next
under another. Where the operation as a whole fails no more often than before, a few more of one kind are `steady`,
if they can be chance (fisher.py).
"""

from __future__ import annotations

from diagnosis.statistics import fisher
from diagnosis.statistics.fisher import WindowCounts

RISING, FALLING = 2.0, 0.5  # times the rate before
ENOUGH = 3  # more or fewer records; below it a change of rate is chance
# Of one kind: so many at most, and with such a chance, had it been as frequent as before.
FEW, CHANCE = 20, 0.05


def trend(cluster: WindowCounts, operation: WindowCounts | None = None) -> str:
    """`new` where the window before had none of it; else by rate over exposure, so that traffic alone is no trend."""
    found = of_rate(cluster)
    if operation and found in ("new", "rising") and takes_turns(cluster, operation):
        return "steady"
    return found


def of_rate(cluster: WindowCounts) -> str:
    """The trend of the cluster alone."""
    now, before = cluster
    if not before.failures:
        return "new"
    if abs(now.failures - before.failures) < ENOUGH or not now.exposure or not before.exposure:
        return "steady"
    if cluster.ratio >= RISING:
        return "rising"
    return "falling" if cluster.ratio <= FALLING else "steady"


def takes_turns(cluster: WindowCounts, operation: WindowCounts) -> bool:
    """Whether the operation failed in other ways before, fails no more often now, and this kind may be chance."""
    failed_otherwise = operation.before.failures > cluster.before.failures
    return (
        failed_otherwise
        and operation.ratio <= 1
        and cluster.now.failures <= FEW
        and fisher.p_value(cluster) > CHANCE
    )
