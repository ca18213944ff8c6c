"""Annotated agent traces: do the records of issues lie where people saw the errors?"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.quality_sets import scorers
from benchmarks.quality_sets.place import Place
from diagnosis.issues.issue import Issue


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """What the scorer says of the issues' records, in the order of the issues."""
    place = Place.new(folder.parent.name)
    with gzip.open(folder / "traces.jsonl.gz", "rb") as file:
        place.send_lines(file)
    issues = place.issues()
    prediction = scorers.write(work / "issues.jsonl", predicted(place, issues))
    scored = scorers.score(folder.parent.parent, "score_trail.py", folder / "labels.jsonl", prediction)
    visible = scored["recall"]["machine_visible"]
    figures: dict[str, Any] = {
        "issues": len(issues),
        "flagged": scored["flagged_spans"],
        "precision": scored["precision"]["exact"],
        "recall": scored["recall"]["all"]["exact"],
        "visible_recall": visible and visible["exact"],
        "location_accuracy": scored["location_accuracy"]["all"],
        "GAIA_location_accuracy": scored["location_accuracy"].get("GAIA"),
        "step_accuracy": scored["top1_step_accuracy"],
        "healthy_flagged": scored.get("healthy_traces_flagged"),
    }
    return figures | soft_tool_errors(folder, place, issues)


def predicted(place: Place, issues: list[Issue]) -> Iterator[dict[str, Any]]:
    """One line an issue, worst first: where to look, which for steps of an agent is the model calls around them."""
    for rank, issue in enumerate(issues, 1):
        records = place.records(issue)
        around = place.model_calls(records)
        calls = [one for call in around.values() for one in (call.before, call.after) if one]
        own = [one.record_id for one in records if one.unit != "graph_node" or one.record_id not in around]
        yield {"evidence": [one[-16:] for one in [*calls, *own]], "rank": rank}


def soft_tool_errors(folder: Path, place: Place, issues: list[Issue]) -> dict[str, Any]:
    """The tool results that say they failed and lie inside an issue, out of all of them, where a set labels them."""
    held = {record.span_id.hex() for issue in issues for record in place.records(issue)}
    rows = list(scorers.lines(folder / "labels.jsonl"))
    errors = [error for row in rows for error in row.get("soft_tool_errors", [])]
    if folder.parent.name.startswith("taubench"):
        errors = [error for row in rows for error in row["errors"]]
    if not errors:
        return {}
    found = sum(error["location"] in held for error in errors)
    return {"soft_tool_errors": f"{found}/{len(errors)}"}
