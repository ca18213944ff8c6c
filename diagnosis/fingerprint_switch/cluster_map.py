"""
The plan of a fingerprint switch: the new clusters, and the outcome for each loop. Pure functions, which both the
preview and the switch call.

A loop follows its cluster; if the cluster splits, its largest part. If several loops come to one cluster, the loop in
which people's decisions led furthest stays, and the others join it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diagnosis.models import Loop
from telemetry.grouping.fingerprint import of_cluster_id

Moves = Mapping[int, Mapping[int, int]]  # old fingerprint -> new fingerprint -> number of records
# Which of several loops stays if they come to one cluster, first choice first: the further people's decisions led.
PRECEDENCE = [
    Loop.State.SHIPPED,
    Loop.State.INCONCLUSIVE,
    Loop.State.HELD,
    Loop.State.REGRESSED,
    Loop.State.APPROVED,
    Loop.State.REJECTED,
    Loop.State.RETURNED,
    Loop.State.PROPOSED,
]


@dataclass(frozen=True, slots=True)
class ClusterOutcome:
    """The outcome of the switch for one loop."""

    loop: Loop
    # The new fingerprint of its cluster; None if no stored record moves, so that the loop stays as it is.
    to: int | None
    into: Loop | None = None  # the loop that this one joins and so ends in
    joined: list[Loop] = field(default_factory=list)  # the loops that end in this one
    others: list[int] = field(default_factory=list)  # further parts of its cluster, proposed anew


def biggest(parts: Mapping[int, int]) -> int:
    """The part with the most records; of equal parts the one with the smallest fingerprint."""
    return min(parts, key=lambda number: (-parts[number], number))


def splits(moves: Moves) -> dict[int, Mapping[int, int]]:
    """The clusters that split, each with its new clusters and their numbers of records."""
    return {old: parts for old, parts in sorted(moves.items()) if len(parts) > 1}


def merges(moves: Moves) -> dict[int, Mapping[int, int]]:
    """The new clusters that several merge into, each with its old clusters and their numbers of records."""
    return {new: parts for new, parts in sorted(sources(moves).items()) if len(parts) > 1}


def unchanged(moves: Moves) -> dict[int, int]:
    """Old fingerprint -> new fingerprint of the clusters that keep exactly their records and get another id."""
    old_clusters = sources(moves)
    unsplit = {old: next(iter(parts)) for old, parts in moves.items() if len(parts) == 1}
    return {old: new for old, new in sorted(unsplit.items()) if len(old_clusters[new]) == 1}


def sources(moves: Moves) -> dict[int, Counter[int]]:
    """The moves by new cluster: new fingerprint -> old fingerprint -> number of records."""
    by_new: dict[int, Counter[int]] = defaultdict(Counter)
    for old, parts in moves.items():
        for new, records in parts.items():
            by_new[new][old] += records
    return by_new


def loop_outcomes(loops: Iterable[Loop], moves: Moves) -> list[ClusterOutcome]:
    """The outcome for each of these loops, ordered by `precedence`."""
    loops_by_new: dict[int, list[Loop]] = defaultdict(list)
    outcomes = []
    for loop in sorted(loops, key=precedence):
        number = of_cluster_id(loop.cluster_id)
        parts = moves.get(number or 0)
        if parts:
            loops_by_new[biggest(parts)].append(loop)
        else:
            outcomes.append(ClusterOutcome(loop, None))
    for to, (staying, *joined) in loops_by_new.items():
        outcomes.append(ClusterOutcome(staying, to, joined=joined, others=further(staying, to, moves)))
        outcomes += [
            ClusterOutcome(loop, to, into=staying, others=further(loop, to, moves)) for loop in joined
        ]
    return sorted(outcomes, key=lambda outcome: precedence(outcome.loop))


def further(loop: Loop, to: int, moves: Moves) -> list[int]:
    """The new fingerprints in the loop's cluster that the loop does not follow."""
    return sorted(set(moves[of_cluster_id(loop.cluster_id) or 0]) - {to})


def precedence(loop: Loop) -> tuple[int, int, str]:
    """The sort key by which one of several loops stays: the one with the smallest key."""
    return PRECEDENCE.index(Loop.State(loop.state)), -loop.failures, loop.loop_id
