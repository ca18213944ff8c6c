"""Requests recorded from real clients with injected failures: each kind is one issue, and nothing else is one."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.quality_sets.place import Place
from diagnosis.issues.issue import Issue
from tests import captures

Kinds = dict[str, str | None]


def measure(folder: Path, work: Path) -> dict[str, Any]:
    """Over all clients: kinds found as one issue, pairwise F1 of traces, issues that nothing caused."""
    one_issue = shown = causeless = 0
    pairs: Counter[str] = Counter()
    wrong: dict[str, Any] = {}
    for client in captures.NAMES:
        issues = sent(client)
        kinds = {row["trace_id"]: row["kind"] for row in captures.labels(client)}
        state = states(issues, kinds, shown_kinds(client))
        shown += len(state)
        one_issue += sum(value == "one" for value in state.values())
        stray = uncaused(issues, kinds)
        causeless += len(stray)
        pairs += compared(issues, kinds)
        bad = {kind: value for kind, value in state.items() if value != "one"}
        wrong |= {client: {**bad, "stray": stray}} if bad or stray else {}
    return {"kinds": f"{one_issue}/{shown}", "pair_F1": f1(pairs), "causeless": causeless, "wrong": wrong}


def sent(client: str) -> list[Issue]:
    """The issues of one client's recording."""
    place = Place.new(client)
    for request in captures.requests(client):
        place.send(request.plain, json=request.headers["content-type"].startswith("application/json"))
    return place.issues()


def shown_kinds(client: str) -> set[str]:
    """The injected kinds that show in some error status or exception event; the others are in the contents."""
    visible: dict[str, Any] = captures.manifest(client)["visibility"]
    return {
        kind
        for kind, counts in visible.items()
        if kind != "None" and (counts["traces_with_error_status"] or counts["traces_with_exception_event"])
    }


def traces(issue: Issue) -> set[str]:
    """The traces that failed this way."""
    return {trace_id.hex() for trace_id in issue.cluster.trace_ids}


def states(issues: list[Issue], kinds: Kinds, wanted: set[str]) -> dict[str, str]:
    """`one` for a kind whose traces lie in one issue that holds no other kind; else what is wrong."""
    found: dict[str, str] = {}
    for kind in sorted({kind for kind in kinds.values() if kind}):
        own = {trace for trace, its in kinds.items() if its == kind}
        holding = [issue for issue in issues if is_hard(issue) and traces(issue) & own]
        if kind in wanted or holding:
            found[kind] = state(holding, kinds)
    return found


def state(holding: list[Issue], kinds: Kinds) -> str:
    """What became of a kind."""
    if not holding:
        return "missed"
    if len(holding) > 1:
        return "split: " + " | ".join(issue.title[:60] for issue in holding)
    others = {kinds.get(trace) for trace in traces(holding[0])}
    return "one" if len(others) == 1 else f"merged: {sorted(map(str, others))}"


def is_hard(issue: Issue) -> bool:
    """What users say is about the answer, whatever failed."""
    return issue.example.signal_type != "user_signal"


def uncaused(issues: list[Issue], kinds: Kinds) -> list[str]:
    """Issues none of whose traces had a failure injected."""
    return [
        issue.title
        for issue in issues
        if is_hard(issue) and not any(kinds.get(trace) for trace in traces(issue))
    ]


def compared(issues: list[Issue], kinds: Kinds) -> Counter[str]:
    """Pairs of traces that share an issue, a kind, and both; among traces that an issue holds."""
    of: dict[str, set[int]] = defaultdict(set)
    for number, issue in enumerate(issues):
        for trace in traces(issue) if is_hard(issue) else ():
            of[trace].add(number)
    counted: Counter[str] = Counter()
    for one, other in combinations(sorted(of), 2):
        together, alike = bool(of[one] & of[other]), kinds.get(one) == kinds.get(other)
        counted.update({"together": together, "alike": alike, "both": together and alike})
    return counted


def f1(pairs: Counter[str]) -> float:
    """Of precision and recall over pairs."""
    total = pairs["together"] + pairs["alike"]
    return round(2 * pairs["both"] / total, 4) if total else 0.0
