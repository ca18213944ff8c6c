"""Microservices with one injected fault a window: is the service at fault the first that is named?"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.quality_sets import scorers
from benchmarks.quality_sets.place import Place

MINUTE = 60 * 10**9
START = 25_000_000 * MINUTE  # the fault-free minute lies here, the window after it


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """How often the injected service is among the first services of the issues."""
    labels = list(scorers.lines(folder / "labels.jsonl"))
    predicted: list[dict[str, Any]] = []
    for label in labels:
        baseline = folder.parent / "baseline" / f"{label['baseline']}.jsonl.gz"
        predicted.append(
            {"window_id": label["window_id"], "services": named(folder.parent / label["file"], baseline)}
        )
    quiet = [row for path in sorted((folder.parent / "baseline").glob("*.gz")) for row in false_alarms(path)]
    prediction = scorers.write(work / "services.jsonl", predicted)
    scored = scorers.score(folder.parent.parent, "score_nezha.py", folder / "labels.jsonl", prediction)
    return {**scored["all"], "quiet_issues": len(quiet)} | {
        name: f"{one['AS@1']}/{one['AS@3']}" for name, one in scored.items() if "/" in name and one
    }


def named(path: Path, baseline: Path) -> list[str]:
    """The services of the new or worse issues of a window, worst first."""
    place = Place.new("nezha")
    place.send_lines(moved(baseline, 0))
    place.send_lines(moved(path, 2 * MINUTE))
    return [issue.example.service for issue in worse(place)]


def worse(place: Place) -> list[Any]:
    """The issues of the second window that are not steady against the first."""
    from telemetry.windows import Window

    issues = place.issues(Window(START + 2 * MINUTE, START + 4 * MINUTE))
    return [issue for issue in issues if issue.trend.direction in ("new", "rising")]


def false_alarms(baseline: Path) -> list[Any]:
    """Issues that are new or worse in the second half of a window without a fault, against its first half."""
    place = Place.new("quiet")
    place.send_lines(halves(baseline, 0))
    place.send_lines(halves(baseline, 1))
    return worse(place)


def halves(path: Path, half: int) -> Iterator[bytes]:
    """The requests with the earlier or the later half of the traces, at the start of their window."""
    with gzip.open(path, "rb") as file:
        requests = [orjson.loads(line) for line in file]
    starts: dict[str, int] = {}
    for request in requests:
        for span in spans_of(request):
            at = int(span["startTimeUnixNano"])
            starts[span["traceId"]] = min(at, starts.get(span["traceId"], at))
    middle = sorted(starts.values())[len(starts) // 2]
    for request in requests:
        for group in request["resourceSpans"]:
            for scope in group["scopeSpans"]:
                scope["spans"] = [
                    span for span in scope["spans"] if (starts[span["traceId"]] >= middle) == bool(half)
                ]
    return placed(requests, 2 * MINUTE * half)


def moved(path: Path, by: int) -> Iterator[bytes]:
    """The requests of a file, placed."""
    with gzip.open(path, "rb") as file:
        return placed([orjson.loads(line) for line in file], by)


def placed(requests: list[dict[str, Any]], by: int) -> Iterator[bytes]:
    """The requests with their first span at the start of a fixed minute."""
    spans = [span for request in requests for span in spans_of(request)]
    start = START + by - min(int(span["startTimeUnixNano"]) for span in spans)
    for span in spans:
        for name in ("startTimeUnixNano", "endTimeUnixNano"):
            span[name] = str(int(span[name]) + start)
    return (orjson.dumps(request) for request in requests)


def spans_of(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every span of a request."""
    for group in request["resourceSpans"]:
        for scope in group["scopeSpans"]:
            yield from scope["spans"]
