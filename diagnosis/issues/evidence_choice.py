"""Which records stand for a cluster: the first, the latest, and those that differ most from the ones chosen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeVar

MOST = 5
SAMPLE = 200  # candidates looked at, evenly over time, so that a huge cluster costs no more

T = TypeVar("T")


class Candidate(NamedTuple):
    """A record, and what makes it differ to a reader: trace, message, session, user, release, model."""

    key: bytes
    facts: tuple[Hashable, ...]


def sampled(records: Sequence[T]) -> list[T]:
    """The first and the last of the records, and others evenly between them. `records` is not empty."""
    between = records[1:-1][:: max(1, len(records) // SAMPLE)]
    return [records[0], *between, *records[1:][-1:]]


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """At most MOST of them, in their order, the first and the last among them. `candidates` is by time, not empty."""
    last = len(candidates) - 1
    chosen = {0, last}
    rest = list(range(1, last))
    while rest and len(chosen) < MOST:
        seen = [set(its) for its in zip(*(candidates[place].facts for place in chosen), strict=True)]
        best = newest_of(rest, candidates, seen)
        rest.remove(best)
        chosen.add(best)
    return [candidates[place] for place in sorted(chosen)]


def newest_of(places: Sequence[int], candidates: Sequence[Candidate], seen: Sequence[set[Hashable]]) -> int:
    """The place of the candidate with most facts that were not seen; the earliest of equals."""
    facts = [candidates[place].facts for place in places]
    reachable = sum(not set(its) <= known for its, known in zip(zip(*facts, strict=True), seen, strict=True))
    best, most = places[0], -1
    for place, its in zip(places, facts, strict=True):
        fresh = sum(fact not in known for fact, known in zip(its, seen, strict=True))
        if fresh > most:
            best, most = place, fresh
            if fresh == reachable:  # none has more
                break
    return best
