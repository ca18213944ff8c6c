"""
The preview of a fingerprint switch, from the failing records of the last 30 days, for the operator to decide on.

It reads the largest clusters of the window, and of each the newest records; if any records are left out, the numbers
of records are estimates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.fingerprint_switch import cluster_map
from diagnosis.fingerprint_switch.cluster_map import ClusterOutcome, Moves, loop_outcomes
from diagnosis.issues.titles.title import title
from diagnosis.models import Loop
from telemetry import regrouping
from telemetry.grouping.fingerprint import cluster_id
from telemetry.grouping.versions import GroupingRules
from telemetry.models import Record
from telemetry.recharging import charged_clusters
from telemetry.store.transactions import snapshot
from telemetry.windows import MAX_MINUTES, Window
from tenants.models import Project
from tenants.stores.binding import bind

MOST_RECORDS = 5_000  # read in about a second, shared equally by the clusters
FEWEST = 20  # read of each cluster, even if that is more than MOST_RECORDS in all
MOST_CLUSTERS = 500  # the largest


@dataclass(frozen=True, slots=True)
class SampledCluster:
    """A cluster of the window, and the new clusters of a sample of its records."""

    fingerprint: int
    records: int
    looked_at: int
    parts: Counter[int]  # new fingerprint -> number of the records that were looked at

    @property
    def scaled(self) -> dict[int, int]:
        """The parts scaled up to all records of the cluster, each at least 1."""
        return {new: max(1, round(n * self.records / self.looked_at)) for new, n in self.parts.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """The sampled clusters, the outcome for each loop, and how much of the window they were read from."""

    window: Window
    rules: GroupingRules
    clusters: list[SampledCluster]
    left_out: int  # clusters that were not looked at
    outcomes: list[ClusterOutcome]
    titles: dict[int, str]  # a title for each cluster, from one of its records

    @property
    def moves(self) -> Moves:
        """Old -> new fingerprint -> number of records, without the clusters that have the new version already."""
        return {
            cluster.fingerprint: cluster.scaled
            for cluster in self.clusters
            if set(cluster.parts) != {cluster.fingerprint}
        }

    @property
    def is_sample(self) -> bool:
        """Whether records were left out."""
        return bool(self.left_out) or any(cluster.looked_at < cluster.records for cluster in self.clusters)

    @property
    def looked_at(self) -> int:
        """The number of records that were looked at."""
        return sum(cluster.looked_at for cluster in self.clusters)

    @property
    def records(self) -> int:
        """The number of records in all clusters that were looked at."""
        return sum(cluster.records for cluster in self.clusters)

    def shown(self) -> dict[str, Any]:
        """The preview as the page and the command show it."""
        moves = self.moves
        return {
            "unchanged": len(cluster_map.unchanged(moves)),
            "splits": [self.row(old, parts) for old, parts in cluster_map.splits(moves).items()],
            "merges": [self.row(new, parts) for new, parts in cluster_map.merges(moves).items()],
            "outcomes": self.outcomes,
        }

    def row(self, number: int, parts: Any) -> dict[str, Any]:
        """One cluster with the clusters that it splits into or was merged from, the largest first."""
        ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
        return self.named(number, sum(parts.values())) | {
            "parts": [self.named(part, records) for part, records in ordered]
        }

    def named(self, number: int, records: int) -> dict[str, Any]:
        """A cluster's id, title and number of records."""
        return {"cluster_id": cluster_id(number), "title": self.titles.get(number, ""), "records": records}


def preview_switch(project: Project, rules: GroupingRules, now: datetime) -> Preview:
    """Return what a switch of the project to these rules would do, judged by the last 30 days."""
    window = Window.ending(now, MAX_MINUTES)
    with bind(project), snapshot():
        sizes = regrouping.cluster_sizes(window)
        limit = max(FEWEST, MOST_RECORDS // max(1, len(sizes)))
        titles: dict[int, str] = {}
        clusters = [
            look(window, number, records, limit, rules, titles) for number, records in sizes[:MOST_CLUSTERS]
        ]
    loops = Loop.objects.filter(project=project).exclude(state=Loop.State.JOINED)
    result = Preview(window, rules, clusters, max(0, len(sizes) - MOST_CLUSTERS), [], titles)
    result.outcomes.extend(loop_outcomes(loops, result.moves))
    return result


def look(
    window: Window, number: int, records: int, limit: int, rules: GroupingRules, titles: dict[int, str]
) -> SampledCluster:
    """Sample one cluster, and add titles for it and for its new clusters to `titles`."""
    rows = regrouping.newest_cluster_records(window, number, limit)
    numbers = charged_clusters(rows, rules)
    for row, new in zip(rows, numbers, strict=True):
        titles.setdefault(number, cluster_title(row))
        titles.setdefault(new, cluster_title(row))
    return SampledCluster(number, records, len(rows), Counter(numbers))


def cluster_title(row: Record) -> str:
    """A title from one record, such as `POST /orders: OutOfStock: no stock`."""
    return title(row.operation, row.error_type, row.failure_message)[:120]


def outcomes_in_words(outcomes: Iterable[ClusterOutcome]) -> list[tuple[ClusterOutcome, str]]:
    """Each outcome with a sentence about it."""
    return [(outcome, outcome_sentence(outcome)) for outcome in outcomes]


def outcome_sentence(outcome: ClusterOutcome) -> str:
    """The outcome for one loop, as a sentence without its subject."""
    if outcome.to is None:
        return "stays as it is: none of its records would change their cluster."
    if outcome.into is not None:
        return f"ends and joins {outcome.into.loop_id}, which is {outcome.into.state}."
    text = f"follows its cluster to {cluster_id(outcome.to)}"
    if outcome.joined:
        text += f", joined by {', '.join(loop.loop_id for loop in outcome.joined)}"
    if outcome.others:
        text += f"; its smaller parts ({len(outcome.others)}) are proposed anew by the next diagnosis"
    return f"{text}."
