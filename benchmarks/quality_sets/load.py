"""The ingest benchmark's own load: twelve known kinds of failure whose ids and numbers vary. Each is one cluster."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.agent_traces import body
from benchmarks.failure_kinds import KINDS
from benchmarks.quality_sets.place import Place

REQUESTS, SPANS = 20, 512


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """How many clusters there are for how many kinds, and which mix or split."""
    place = Place.new("load")
    for number in range(REQUESTS):
        place.send(body(SPANS, f"quality {number}"), json=False)
    kinds: dict[int, set[int]] = defaultdict(set)
    for issue in place.issues():
        for record in place.records(issue):
            kinds[issue.cluster.fingerprint].add(kind_of(record.message))
    mixed = sum(len(its) > 1 for its in kinds.values())
    return {"clusters": f"{len(kinds)}:{len(set().union(*kinds.values()))}", "mixed": mixed}


def kind_of(message: str) -> int:
    """The number of the kind that the message tells of; -1 for none."""
    return next((number for number, kind in enumerate(KINDS) if kind.told_by(message)), -1)
