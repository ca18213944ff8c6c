"""
Where clusters go when fingerprints are switched, and what becomes of each loop. Pure: preview and switch agree.

A loop follows its cluster; where that splits, the biggest part. Where loops meet in one cluster, the one on which
people decided most stays and the others join it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from diagnosis.models import Loop
from telemetry.grouping.fingerprint import of_cluster_id

Moves = Mapping[int, Mapping[int, int]]  # records by their cluster before and after
STANDING = [  # which loop stays where several meet: the further a person's decision led, the more it tells
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
    """What becomes of a loop."""

    loop: Loop
    to: int | None  # the fingerprint of its cluster; None: nothing of it is stored, so that it stays as it is
    into: Loop | None = None  # it ends, and this one goes on
    joined: list[Loop] = field(default_factory=list)  # those that end in it
    others: list[int] = field(default_factory=list)  # further parts of its cluster, proposed anew


def biggest(parts: Mapping[int, int]) -> int:
    """The part with most records."""
    return min(parts, key=lambda number: (-parts[number], number))


def splits(moves: Moves) -> dict[int, Mapping[int, int]]:
    """The clusters that become several, with these."""
    return {old: parts for old, parts in sorted(moves.items()) if len(parts) > 1}


def merges(moves: Moves) -> dict[int, Mapping[int, int]]:
    """The clusters that several become, with these."""
    return {new: parts for new, parts in sorted(sources(moves).items()) if len(parts) > 1}


def unchanged(moves: Moves) -> dict[int, int]:
    """The clusters that keep their records and get another id: the old and the new fingerprint."""
    came = sources(moves)
    alone = {old: next(iter(parts)) for old, parts in moves.items() if len(parts) == 1}
    return {old: new for old, new in sorted(alone.items()) if len(came[new]) == 1}


def sources(moves: Moves) -> dict[int, Counter[int]]:
    """The same records by their cluster after and before."""
    found: dict[int, Counter[int]] = defaultdict(Counter)
    for old, parts in moves.items():
        for new, records in parts.items():
            found[new][old] += records
    return found


def fates(loops: Iterable[Loop], moves: Moves) -> list[ClusterOutcome]:
    """What becomes of these loops, in an order of their own."""
    meeting: dict[int, list[Loop]] = defaultdict(list)
    found = []
    for loop in sorted(loops, key=standing):
        number = of_cluster_id(loop.cluster_id)
        parts = moves.get(number or 0)
        if parts:
            meeting[biggest(parts)].append(loop)
        else:
            found.append(ClusterOutcome(loop, None))
    for to, (kept, *joined) in meeting.items():
        found.append(ClusterOutcome(kept, to, joined=joined, others=further(kept, to, moves)))
        found += [ClusterOutcome(loop, to, into=kept, others=further(loop, to, moves)) for loop in joined]
    return sorted(found, key=lambda fate: standing(fate.loop))


def further(loop: Loop, to: int, moves: Moves) -> list[int]:
    """The parts of the loop's cluster that it does not follow."""
    return sorted(set(moves[of_cluster_id(loop.cluster_id) or 0]) - {to})


def standing(loop: Loop) -> tuple[int, int, str]:
    """The smallest stays."""
    return STANDING.index(Loop.State(loop.state)), -loop.failures, loop.loop_id
