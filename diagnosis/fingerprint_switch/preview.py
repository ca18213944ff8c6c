"""
What a switch of fingerprints would do, told from the failing records of the last 30 days, for the operator to decide.

Every cluster of the window is looked at, of large ones the newest records; numbers of records are then estimates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.fingerprint_switch import cluster_map
from diagnosis.fingerprint_switch.cluster_map import ClusterOutcome, Moves, fates
from diagnosis.models import Loop
from telemetry import regrouping
from telemetry.grouping.fingerprint import cluster_id
from telemetry.grouping.versions import Rules
from telemetry.models import Record
from telemetry.store.append import snapshot
from telemetry.windows import MAX_MINUTES, Window
from tenants.models import Project
from tenants.stores.binding import bind

MOST_RECORDS = 5_000  # looked at, about a second; of each cluster at least
FEWEST = 20
MOST_CLUSTERS = 500  # the largest


@dataclass(frozen=True, slots=True)
class SampledCluster:
    """A cluster as the window has it."""

    fingerprint: int
    records: int
    looked_at: int
    parts: Counter[int]  # of those that were looked at, by their cluster after

    @property
    def scaled(self) -> dict[int, int]:
        """The parts as shares of all records, one at least."""
        return {new: max(1, round(n * self.records / self.looked_at)) for new, n in self.parts.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """The map, the loops, and how much of the window it rests on."""

    window: Window
    rules: Rules
    clusters: list[SampledCluster]
    left_out: int  # clusters
    fates: list[ClusterOutcome]
    titles: dict[int, str]  # what to call a cluster: its loop, or a message

    @property
    def moves(self) -> Moves:
        """Records by their cluster before and after, without those that have the version already."""
        return {one.fingerprint: one.scaled for one in self.clusters if set(one.parts) != {one.fingerprint}}

    @property
    def is_sample(self) -> bool:
        """Whether records were left out."""
        return bool(self.left_out) or any(one.looked_at < one.records for one in self.clusters)

    @property
    def looked_at(self) -> int:
        """Records."""
        return sum(one.looked_at for one in self.clusters)

    @property
    def records(self) -> int:
        """In all clusters that were looked at."""
        return sum(one.records for one in self.clusters)

    def shown(self) -> dict[str, Any]:
        """For page and command."""
        moves = self.moves
        return {
            "unchanged": len(cluster_map.unchanged(moves)),
            "splits": [self.row(old, parts) for old, parts in cluster_map.splits(moves).items()],
            "merges": [self.row(new, parts) for new, parts in cluster_map.merges(moves).items()],
            "fates": self.fates,
        }

    def row(self, number: int, parts: Any) -> dict[str, Any]:
        """One cluster and those that it comes from or goes to, the largest first."""
        ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
        return self.named(number, sum(parts.values())) | {
            "parts": [self.named(part, records) for part, records in ordered]
        }

    def named(self, number: int, records: int) -> dict[str, Any]:
        """A cluster for people."""
        return {"cluster_id": cluster_id(number), "title": self.titles.get(number, ""), "records": records}


def preview(project: Project, rules: Rules, now: datetime) -> Preview:
    """What switching the project to these rules would do, as far as the last 30 days tell."""
    window = Window.ending(now, MAX_MINUTES)
    with bind(project), snapshot():
        sizes = regrouping.sizes(window)
        each = max(FEWEST, MOST_RECORDS // max(1, len(sizes)))
        titles: dict[int, str] = {}
        seen = [
            look(window, number, records, each, rules, titles) for number, records in sizes[:MOST_CLUSTERS]
        ]
    loops = Loop.objects.filter(project=project).exclude(state=Loop.State.JOINED)
    found = Preview(window, rules, seen, max(0, len(sizes) - MOST_CLUSTERS), [], titles)
    found.fates.extend(fates(loops, found.moves))
    return found


def look(
    window: Window, number: int, records: int, most: int, rules: Rules, titles: dict[int, str]
) -> SampledCluster:
    """One cluster, and a title for it and for what becomes of it."""
    rows = regrouping.newest(window, number, most)
    numbers = regrouping.regrouped(rows, rules)
    for row, new in zip(rows, numbers, strict=True):
        titles.setdefault(number, title(row))
        titles.setdefault(new, title(row))
    return SampledCluster(number, records, len(rows), Counter(numbers))


def title(row: Record) -> str:
    """`POST /orders: OutOfStock: no stock`."""
    return ": ".join(part for part in (row.operation, row.error_type, row.failure_message) if part)[:120]


def told(fates: Iterable[ClusterOutcome]) -> list[tuple[ClusterOutcome, str]]:
    """What becomes of each loop, in a sentence."""
    return [(fate, sentence(fate)) for fate in fates]


def sentence(fate: ClusterOutcome) -> str:
    """What becomes of the loop."""
    if fate.to is None:
        return "stays as it is: no record of it has another cluster."
    if fate.into is not None:
        return f"ends and joins {fate.into.loop_id}, which is {fate.into.state}."
    said = f"follows its cluster to {cluster_id(fate.to)}"
    if fate.joined:
        said += f", joined by {', '.join(loop.loop_id for loop in fate.joined)}"
    if fate.others:
        said += f"; its smaller parts ({len(fate.others)}) are proposed anew by the next diagnosis"
    return f"{said}."
