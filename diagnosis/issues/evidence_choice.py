"""The evidence of a cluster: its first and latest records, and those that differ most from the ones already chosen."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple, TypeVar

MOST = 5
SAMPLE = 200  # candidates, evenly over time, so that a huge cluster costs no more

T = TypeVar("T")


class EvidenceCandidate(NamedTuple):
    """A record with the facts that distinguish it for a reader: trace, message, session, user, release, model."""

    key: bytes
    facts: tuple[Hashable, ...]


def evenly_sampled(records: Sequence[T]) -> list[T]:
    """The first and the last of the records, and others evenly between them. `records` must not be empty."""
    between = records[1:-1][:: max(1, len(records) // SAMPLE)]
    return [records[0], *between, *records[1:][-1:]]


def choose(candidates: Sequence[EvidenceCandidate]) -> list[EvidenceCandidate]:
    """At most MOST candidates, the first and the last among them. `candidates` are in order of time, not empty."""
    last = len(candidates) - 1
    evidence = {0, last}
    remaining = list(range(1, last))
    while remaining and len(evidence) < MOST:
        covered = [
            set(column) for column in zip(*(candidates[index].facts for index in evidence), strict=True)
        ]
        best = most_informative(remaining, candidates, covered)
        remaining.remove(best)
        evidence.add(best)
    return [candidates[index] for index in sorted(evidence)]


def most_informative(
    indexes: Sequence[int], candidates: Sequence[EvidenceCandidate], covered: Sequence[set[Hashable]]
) -> int:
    """The index of the candidate with most facts that are not covered yet; the earliest if several have as many."""
    rows = [candidates[index].facts for index in indexes]
    columns = zip(zip(*rows, strict=True), covered, strict=True)
    reachable = sum(not set(column) <= values for column, values in columns)
    best, most = indexes[0], -1
    for index, facts in zip(indexes, rows, strict=True):
        new_facts = sum(fact not in values for fact, values in zip(facts, covered, strict=True))
        if new_facts > most:
            best, most = index, new_facts
            if new_facts == reachable:  # no candidate can have more
                break
    return best
