"""
The evidence of a cluster: its first and latest records, and those that differ most from the ones already chosen.

A record with an input that none of these has comes before one that differs in everything else: an agent learns more
from another input than from another user with the same one.
"""

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
    input: str = ""  # with which it failed, "" where that is not known

    @property
    def columns(self) -> tuple[Hashable, ...]:
        """What candidates are compared by, the input first."""
        return self.input, *self.facts


def evenly_sampled(records: Sequence[T]) -> list[T]:
    """The first and the last of the records, and others evenly between them. `records` must not be empty."""
    between = records[1:-1][:: max(1, len(records) // SAMPLE)]
    return [records[0], *between, *records[1:][-1:]]


def choose(candidates: Sequence[EvidenceCandidate], most: int = MOST) -> list[EvidenceCandidate]:
    """At most so many candidates, the first and the last among them. `candidates` are in order of time, not empty."""
    last = len(candidates) - 1
    evidence = {0, last}
    remaining = list(range(1, last))
    while remaining and len(evidence) < most:
        covered = [
            set(column) for column in zip(*(candidates[index].columns for index in evidence), strict=True)
        ]
        best = most_informative(remaining, candidates, covered)
        remaining.remove(best)
        evidence.add(best)
    return [candidates[index] for index in sorted(evidence)]


def most_informative(
    indexes: Sequence[int], candidates: Sequence[EvidenceCandidate], covered: Sequence[set[Hashable]]
) -> int:
    """The index of the candidate with most facts that are not covered yet; the earliest if several have as many."""
    rows = [candidates[index].columns for index in indexes]
    weights = [len(covered), *[1] * (len(covered) - 1)]  # an input weighs more than all else
    columns = zip(zip(*rows, strict=True), covered, weights, strict=True)
    reachable = sum(weight for column, values, weight in columns if not set(column) <= values)
    best, most = indexes[0], -1
    for index, facts in zip(indexes, rows, strict=True):
        compared = zip(facts, covered, weights, strict=True)
        new_facts = sum(weight for fact, values, weight in compared if fact not in values)
        if new_facts > most:
            best, most = index, new_facts
            if new_facts == reachable:  # no candidate can have more
                break
    return best
