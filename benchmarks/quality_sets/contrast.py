"""Planted causes: do the hints name what the failing records share?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.quality_sets import scorers
from benchmarks.quality_sets.place import Place
from diagnosis.issues.issue import Issue


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """Hits among the hints of the issues, worst issue first, and hints where nothing was planted."""
    data, cases = folder.parent.parent, folder / "cases.jsonl.gz"
    predicted = []
    for case in scorers.lines(folder / "labels.jsonl"):
        place = Place.new("contrast")
        place.send_lines(scorers.run(data, "to_otlp.py", "contrast", cases, case["case_id"]).splitlines())
        predicted.append({"case_id": case["case_id"], "hints": hinted(place.issues())})
    prediction = scorers.write(work / "hints.jsonl", predicted)
    scored = scorers.score(data, "score_contrast.py", cases, folder / "labels.jsonl", prediction)
    summary = {"hit@1": scored["all"]["hit@1"], "false_hints": scored.pop("false_hint")[0]}
    return summary | {
        name: one if isinstance(one, list) else f"{one['hit@1']} of {one['n']}"
        for name, one in scored.items()
    }


def hinted(issues: list[Issue]) -> list[list[tuple[str, str | None]]]:
    """The conjunctions of the hints, each once, worst issue first."""
    found: dict[tuple[tuple[str, str | None], ...], None] = {}
    for issue in issues:
        for hint in issue.hints:
            found.setdefault(tuple(conjunction(hint.shown())), None)
    return [list(one) for one in found]


def conjunction(hint: dict[str, Any]) -> list[tuple[str, str | None]]:
    """A hint as pairs of attribute and value."""
    several = [hint, *hint["also"]]
    return [(one["attribute"], one["value"]) for one in several]
