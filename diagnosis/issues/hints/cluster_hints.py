"""
The hints of the clusters of a window: read the records of their operations, search a part of them, count in all.

    reading_plan -> read_population -> RecordContents -> find_candidates -> judged_hints
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.compared_records import ComparedRecords
from diagnosis.issues.hints.contents import RecordContents
from diagnosis.issues.hints.hint import Hint
from diagnosis.issues.hints.judge import WindowTotals, judged_hints
from diagnosis.issues.hints.population import (
    Population,
    ReadingPlan,
    read_by_key,
    read_population,
    reading_plan,
)
from diagnosis.issues.hints.search import find_candidates
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window
from tenants.limits.heavy_runs import checkpoint

# Failures that are searched: of all clusters together, and of each at least. A sample of failures has as many.
FAILURES, FEWEST_FAILURES = 500, 12
# Other records that are searched: of all groups of operations together, and of each at least.
OTHERS, FEWEST_OTHERS = 1000, 64
MOST_KEYS = 10_000  # failures of a cluster; the records of a larger one are told by their fingerprint


def read_hints(
    window: Window, clusters: Sequence[Extent], traffic: Counter[ServiceOperation]
) -> dict[int, list[Hint]]:
    """The hints of each of these clusters of the bound project's window, strongest first, by fingerprint."""
    if not clusters:
        return {}
    reading = HintReading.read(window, clusters, traffic)
    most_failures = max(FEWEST_FAILURES, FAILURES // len(clusters))
    most_others = max(FEWEST_OTHERS, OTHERS // len({tuple(cluster.places) for cluster in clusters}))
    hints = {}
    for cluster in clusters:
        checkpoint()
        sides = reading.of(cluster)
        found = find_candidates(sides.sampled(most_failures, most_others))
        hints[cluster.fingerprint] = judged_hints(sides, found)
    return hints


@dataclass(frozen=True, slots=True)
class HintReading:
    """The records that were read for the clusters of a window, to compare each cluster's failures with the others."""

    plan: ReadingPlan
    population: Population
    chosen: dict[int, Collection[bytes]]  # keys of the failures that were read, by fingerprint
    contents: RecordContents
    traffic: Counter[ServiceOperation]
    numbers: dict[
        int, dict[ServiceOperation, list[int]]
    ]  # of the population's records, by its steps and operations

    @classmethod
    def read(
        cls, window: Window, clusters: Sequence[Extent], traffic: Counter[ServiceOperation]
    ) -> HintReading:
        """Read the population and the failures of these clusters together."""
        plan = reading_plan(clusters, traffic)
        population = read_population(window, plan)
        each = max(FEWEST_FAILURES, FAILURES // len(clusters))
        chosen: dict[int, Collection[bytes]] = {
            cluster.fingerprint: dict.fromkeys(
                cluster.spread(cluster.records if plan.is_whole(cluster.fingerprint) else each)
            ).keys()
            for cluster in clusters
        }
        keys = {key for number, keys in chosen.items() if not plan.is_whole(number) for key in keys}
        rows = [row for rows in population.rows.values() for row in rows]
        contents = RecordContents([*rows, *read_by_key(keys)])
        numbers: dict[int, dict[ServiceOperation, list[int]]] = {}
        for step, drawn in population.rows.items():
            numbers[step] = defaultdict(list)
            for row in drawn:
                if row.key in contents.numbers:
                    numbers[step][row.place].append(contents.numbers[row.key])
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
        if cluster.records <= MOST_KEYS:
            return {known[key] for key in cluster.spread(cluster.records) if key in known}
        return {
            number for number, row in enumerate(self.contents.rows) if row.fingerprint == cluster.fingerprint
        }

    def records_of(self, cluster: Extent) -> int:
        """The number of all records of the cluster's operations in the window."""
        return sum(self.traffic[place] for place in cluster.places)
