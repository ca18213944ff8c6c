"""Messages and stacks by template, tool error or bug: the cluster of each record against its label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.quality_sets import scorers
from benchmarks.quality_sets.place import Place

SHOWN = ("GA", "FGA", "pair_F1", "pair_P", "pair_R", "over_merged", "over_split", "homogeneity")


def measure(folder: Path, work: Path, *options: str) -> dict[str, Any]:
    """The scorer's averages over the systems of the set."""
    data = folder.parent.parent
    place = Place.new(folder.parent.name)
    place.send_lines(requests(data, folder, work))
    named = {row["span_id"]: row["id"] for row in scorers.lines(work / "map.jsonl")}
    found = [{"id": named[span], "cluster": cluster} for span, cluster in place.clusters().items()]
    prediction = scorers.write(work / "clusters.jsonl", found)
    scored = scorers.score(data, "score_groups.py", folder / "labels.jsonl", prediction, "--json", *options)
    figures = {name: scored["macro"][name] for name in SHOWN}
    return figures | {"groups": {name: one["groups"] for name, one in scored["sets"].items()}}


def requests(data: Path, folder: Path, work: Path) -> list[str]:
    """The set as export requests; `map.jsonl` says which span is which record."""
    converted = scorers.run(data, "to_otlp.py", "messages", folder / "messages.jsonl.gz", work / "map.jsonl")
    return converted.splitlines()
