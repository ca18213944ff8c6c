"""
The records that are read for the hints of a window's clusters: the population of their operations, and failures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.compared_records import ComparedRecords
from diagnosis.issues.hints.contents import RecordContents
from diagnosis.issues.hints.judge import WindowTotals
from diagnosis.issues.hints.population import (
    Population,
    ReadingPlan,
    read_by_key,
    read_population,
    reading_plan,
)
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window

# Failures in a sample of them: of all clusters together, and of each at least.
FAILURES, FEWEST_FAILURES = 500, 12
MOST_KEYS = 10_000  # failures of a cluster; the records of a larger one are told by their fingerprint


def failures_each(clusters: int) -> int:
    """How many failures of each of so many clusters are in a sample."""
    return max(FEWEST_FAILURES, FAILURES // max(clusters, 1))


@dataclass(frozen=True, slots=True)
class HintReading:
    """The records that were read for the clusters of a window, to compare each cluster's failures with the others."""

    plan: ReadingPlan
    population: Population
    chosen: dict[int, Collection[bytes]]  # keys of the failures that were read, by fingerprint
    contents: RecordContents
    traffic: Counter[ServiceOperation]
    numbers: dict[
        int, dict[tuple[str, str], list[int]]
    ]  # of the population's records, by its steps and operations

    @classmethod
    def read(
        cls,
        window: Window,
        clusters: Sequence[Extent],
        traffic: Counter[ServiceOperation],
        further: Iterable[bytes] = (),
    ) -> HintReading:
        """Read the population and the failures of these clusters together, and the records with `further` keys."""
        plan = reading_plan(clusters, traffic)
        population = read_population(window, plan)
        each = failures_each(len(clusters))
        chosen: dict[int, Collection[bytes]] = {
            cluster.fingerprint: dict.fromkeys(
                cluster.spread(cluster.records if plan.is_whole(cluster.fingerprint) else each)
            ).keys()
            for cluster in clusters
        }
        keys = {key for number, keys in chosen.items() if not plan.is_whole(number) for key in keys}
        keys.update(further)
        rows = [row for rows in population.rows.values() for row in rows]
        contents = RecordContents([*rows, *read_by_key(keys)])
        numbers: dict[int, dict[tuple[str, str], list[int]]] = {}
        for step, drawn in population.rows.items():
            numbers[step] = defaultdict(list)
            for row in drawn:
                if (number := contents.numbers.get(row.key)) is not None:
                    numbers[step][row.service, row.operation].append(number)
        return cls(plan, population, chosen, contents, traffic, numbers)

    def of(self, cluster: Extent) -> ComparedRecords:
        """The failures and the other records that were read for the cluster."""
        is_whole = self.plan.is_whole(cluster.fingerprint)
        by_place = self.numbers[self.plan.one_in[cluster.fingerprint]]
        known = self.contents.numbers
        failed = [known[key] for key in self.chosen[cluster.fingerprint] if key in known]
        own = self.failures_among(cluster)
        others = [
            number for place in cluster.places for number in by_place.get(place, ()) if number not in own
        ]
        totals = WindowTotals(cluster.records, max(self.records_of(cluster), cluster.records))
        if is_whole:
            totals = WindowTotals(len(failed), len(failed) + len(others))
        return ComparedRecords(
            self.contents, self.population, cluster.places, failed, others, totals, is_whole
        )

    def failures_among(self, cluster: Extent) -> Collection[int]:
        """Those of all records that were read that are failures of the cluster."""
        known = self.contents.numbers
        if (
            cluster.records <= MOST_KEYS or cluster.signal_type
        ):  # no record has the fingerprint of what a rule found
            return {known[key] for key in cluster.spread(cluster.records) if key in known}
        return {
            number for number, row in enumerate(self.contents.rows) if row.fingerprint == cluster.fingerprint
        }

    def population_at(self, cluster: Extent, place: ServiceOperation) -> Sequence[int]:
        """The records of the operation that were read for the cluster, failing or not."""
        return self.numbers[self.plan.one_in[cluster.fingerprint]].get(place, ())

    def records_of(self, cluster: Extent) -> int:
        """The number of all records of the cluster's operations in the window."""
        return sum(self.traffic[place] for place in cluster.places)
