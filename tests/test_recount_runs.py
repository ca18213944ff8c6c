"""
What rules over runs of agents find, on every surface, against a recount by the program that was made to fail.

As tests/test_recount.py: every run of a window counts, whatever its length, its end and the order in which spans came.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.models import Loop
from telemetry.models import LongTrace, PendingRun
from telemetry.store.runs import kept_runs
from telemetry.windows import Window, rfc3339, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.dashboard_client import browser_of
from tests.generated_runs import EMPTY, NOTHING_NEW, OPERATIONS, Runs
from tests.shown_counts import Overview, Shown, found
from tests.staff_clients import operator
from tests.telemetry.factory import store
from tests.thorough import thorough

END = datetime.now(UTC).replace(second=41, microsecond=7000) - timedelta(minutes=20)
# In minutes: how long, and how long before the end it ends; the shortest hold few runs, and cut traces. In order of
# their ends, since reports and dashboards show the packet whose window ends last.
WINDOWS = {
    "half an hour": (30, 33.4),
    "three minutes": (3, 21.7),
    "ten minutes": (10, 5),
    "two hours": (120, 0),
    "an hour": (60, 0),
    "an hour, seconds later": (60, -0.13),
    "everything": (200, -20),
}


def store_runs(minted: MintedProject, program: Runs, order: str) -> None:
    """Send the spans: each run's in one request, or all of them in any order in small batches."""
    spans = program.spans
    if order == "shuffled":
        random.Random(program.seed).shuffle(spans)
    size = 11 if order == "shuffled" else 400
    for start in range(0, len(spans), size):
        by_release: dict[str, list[Any]] = defaultdict(list)
        for sent, resource in spans[start : start + size]:
            by_release[resource["service.version"]].append(sent)
        for release, together in by_release.items():
            store(minted.project, together, END, {"service.name": "assistant", "service.version": release})


@pytest.fixture
def shown(alice: MintedProject, call: Any) -> Shown:
    """The surfaces of alice's project."""
    return Shown(alice, call, browser_of(alice), operator())


def window_of(minutes: int, ends_before: float) -> Window:
    """The window of that many minutes that ends so many before the end."""
    return Window.ending(END - timedelta(minutes=ends_before), minutes)


def issues_of(shown: Shown, window: Window) -> dict[str, dict[str, Any]]:
    """The issues about runs in the window, by signal."""
    asked = {"since_minutes": window.since_minutes, "until": rfc3339(window.end_unix_nano)}
    packet = shown.post("/v1/runs/diagnose", **asked)["packet"]
    issues = [issue for issue in packet["issues"] if issue["signal_type"] in (NOTHING_NEW, EMPTY)]
    assert len({issue["signal_type"] for issue in issues}) == len(issues)
    return {issue["signal_type"]: issue for issue in issues}


@pytest.mark.parametrize(("seed", "order"), [(1, "in order"), *thorough((2, "shuffled"))])
def test_every_run_of_a_window_counts_on_every_surface(shown: Shown, seed: int, order: str) -> None:
    program = Runs(seed, END)
    store_runs(shown.minted, program, order)

    for name, bounds in WINDOWS.items():
        window = window_of(*bounds)
        issues, overview = issues_of(shown, window), Overview.read(shown)
        for signal in (NOTHING_NEW, EMPTY):
            failures, visits = program.counts(window, signal)
            assert (signal in issues) == (failures > 0), (name, signal)
            if signal in issues:
                expected = expected_of(program, window, signal, failures, visits)
                assert numbers_of(shown, overview, issues[signal]) == expected, (name, signal)


def expected_of(program: Runs, window: Window, signal: str, failures: int, visits: int) -> dict[str, Any]:
    """What each of those surfaces has to show."""
    failing = [run for run in program.visits(window, OPERATIONS[signal]) if run.goes == signal]
    return {
        "issue": (failures, failures, failures, visits, round(failures / visits, 4)),
        "issue, sessions": len({run.session or run.trace for run in failing}),
        "evidence_url": {run.shown_by for run in failing},
        "loop": failures,
        "report": (failures, visits),
        "dashboard": (failures, visits),
    }


def numbers_of(shown: Shown, overview: Overview, issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an issue about runs, by surface."""
    impact = issue["impact"]
    [section] = [part for part in overview.report.split("## Issue") if issue["loop_id"] in part]
    [in_packet] = [
        each for each in overview.state["packet"]["issues"] if each["cluster_id"] == issue["cluster_id"]
    ]
    return {
        "issue": (
            issue["count"], impact["records"], impact["traces"], impact["operation_records"], impact["share"]
        ),
        "issue, sessions": impact["sessions"],
        "evidence_url": {record["record_id"] for record in shown.pages(issue["evidence_url"])},
        "loop": shown.get(f"/v1/loops/{issue['loop_id']}")["failures"],
        "report": found(r"failures: ([\d,]+) of ([\d,]+) ", section),
        "dashboard": (in_packet["count"], in_packet["impact"]["operation_records"]),
    }  # fmt: skip


def test_a_verification_counts_all_runs_and_none_of_releases_without_the_fix(shown: Shown) -> None:
    program = Runs(3, END)
    store_runs(shown.minted, program, "shuffled")
    whole = window_of(*WINDOWS["everything"])
    issues = issues_of(shown, whole)
    cut = END - timedelta(minutes=43, seconds=7)  # release 1.1.0 begins after it
    before = Window(whole.start_unix_nano, unix_nano(cut))
    after = Window(unix_nano(cut), unix_nano(timezone.now()))

    for signal, issue in issues.items():
        for release, counting in (("", ()), ("1.1.0", ("1.1.0",))):
            Loop.objects.filter(loop_id=issue["loop_id"]).update(
                state=Loop.State.SHIPPED, shipped_at=cut, release=release, baseline=None
            )
            answer = shown.post("/v1/runs/verify", loop_id=issue["loop_id"])
            sides = [(answer[side]["failures"], answer[side]["exposure"]) for side in ("before", "after")]
            expected = [program.counts(before, signal), program.counts(after, signal, counting)]
            assert sides == expected, (signal, release)
            assert {answer[side]["counted"] for side in ("before", "after")} == {"traces"}


def test_runs_are_counted_the_same_wherever_the_window_ends(shown: Shown) -> None:
    program = Runs(4, END)
    store_runs(shown.minted, program, "in order")
    first = min(start for run in program.runs for start in run.starts.values())
    ends = [END + timedelta(seconds=seconds) for seconds in (1, 59.5, 60, 611)]

    found_counts = set()
    for end in ends:
        minutes = (unix_nano(end) - first) // 60_000_000_000 + 1
        issue = issues_of(shown, Window.ending(end, minutes))[NOTHING_NEW]
        found_counts.add((issue["count"], issue["impact"]["operation_records"]))

    assert found_counts == {(sum(run.goes == NOTHING_NEW for run in program.runs), len(program.runs))}


def test_runs_that_are_not_looked_at_are_named_and_the_packet_is_not_complete(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_runs, "MOST_RECORDS", 5)
    program = Runs(5, END)
    store_runs(shown.minted, program, "shuffled")
    with bind(shown.minted.project):
        PendingRun.objects.create(trace_id=bytes(16))
        too_long = LongTrace.objects.count()
    asked = {"since_minutes": 200, "until": rfc3339(END + timedelta(minutes=20))}

    completeness = shown.post("/v1/runs/diagnose", **asked)["packet"]["completeness"]

    assert too_long > 10
    assert not completeness["complete"]
    assert completeness["note"].startswith(
        f"{too_long} traces with more than 2,000 records are not looked at whole for repeated calls and unfounded "
        "answers. 1 trace of an earlier version still waits to be looked at for repeated calls and unfounded answers, "
        "which `manage.py prepare` does."
    )
