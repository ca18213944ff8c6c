"""
Every number that LoopKit shows of a failure, on every surface, against a recount by the program that was made to fail.

The generated program (tests/generated_program.py) counts for itself. Not compared here: what rules over windows find in
a sample of traces.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.issues.hints import hint_reading, population
from diagnosis.models import Loop, Notice
from telemetry.windows import Window, rfc3339, unix_nano
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.dashboard_client import browser_of
from tests.generated_program import CIRCUMSTANCES, Expected, Program, Ran, record_ids
from tests.generated_ratings import Ratings
from tests.shown_counts import (
    Overview,
    Shown,
    found,
    kind_of,
    of_handoff,
    of_hints,
    of_issue,
    of_overview,
    of_pages,
    of_ratings,
    of_reads,
    of_verification,
    of_window,
)
from tests.staff_clients import operator
from tests.telemetry.factory import record_id, store
from tests.thorough import thorough

# Of a program of which a sample is drawn by time: always the same one, since one interval of 20 misses the truth.
SAMPLED = datetime(2026, 11, 21, 12, tzinfo=UTC)
END = datetime.now(UTC).replace(second=30, microsecond=0) - timedelta(minutes=30)


def store_program(minted: MintedProject, spans: list[Ran], order: str, seed: int) -> None:
    """Send the spans: each order's in one request, all in any order in small batches, or the last first."""
    arriving = sorted(spans, key=lambda ran: ran.start)
    if order == "shuffled":
        random.Random(seed).shuffle(arriving)
    if order == "backwards":
        arriving.reverse()
    size = len(arriving) if order == "in order" else 97
    for first in range(0, len(arriving), size):
        by_resource: dict[str, list[Ran]] = {}
        for ran in arriving[first : first + size]:
            by_resource.setdefault(str(ran.sent["resource"]), []).append(ran)
        for together in by_resource.values():
            sent = [
                {name: value for name, value in ran.sent.items() if name != "resource"} for ran in together
            ]
            store(minted.project, sent, END, together[0].sent["resource"])


def expected_of(program: Program, window: Window, kind: str, truth: Expected) -> dict[str, Any]:
    """What each of those surfaces has to show."""
    within, seen = program.within(window), [ran for ran in program.spans if ran.kind == kind]
    pair = truth.failures, truth.exposure
    return {
        "issue": (truth.failures, *pair, truth.share),
        "issue, who": (truth.traces, truth.sessions, truth.users),
        "issue, what it caused": truth.caused,
        "issue, where": where(truth),
        "issue, when": (rfc3339(truth.first_seen), rfc3339(truth.last_seen)),
        "issue, since the last": (rfc3339(truth.last_seen), truth.ran_since),
        "plan": pair,
        "evidence_url": record_ids([ran for ran in within if ran.kind == kind]),
        "evidence_url, what it caused": record_ids([ran for ran in within if kind in ran.caused_by]),
        "sessions of the cluster": truth.sessions_begun,
        "evidence is of it": True,
        "loop": truth.failures,
        "report": (*pair, truth.sessions),
        "report, where": where(truth),
        "report, since the last": truth.ran_since,
        "dashboard, packet": pair,
        "queue, seen": (len(seen), len({ran.user for ran in seen} - {""})),
        "dashboard, loops": truth.failures,
        "dashboard page": truth.failures,
    }


def where(truth: Expected) -> dict[str, dict[str, tuple[int, int]]]:
    """Failures and exposure by environment and by release."""
    return {"environment": truth.by_environment, "release": truth.by_release}


def expected_of_pages(truth: Expected) -> dict[str, Any]:
    """What the pages of an issue have to show."""
    pair = truth.failures, truth.exposure
    return {
        "loop page": pair,
        "loop page, who": (truth.users, truth.sessions),
        "loop page, where": where(truth),
        "issue page, where": where(truth),
        "loop page, since the last": truth.ran_since,
        "issue page, since the last": truth.ran_since,
        "loop page, course": pair,
        "issue page": truth.failures,
    }


@pytest.fixture
def shown(alice: MintedProject, call: Any) -> Shown:
    """The surfaces of alice's project."""
    return Shown(alice, call, browser_of(alice), operator())


WINDOWS = {
    # The one that ends first comes first: a diagnosis of the past changes nothing that is shown of the present.
    "a part that cuts traces": Window.ending(END - timedelta(minutes=25, milliseconds=4), 61),
    "everything": Window.ending(END + timedelta(minutes=5), 150),
    "the last part": Window.ending(END + timedelta(minutes=5), 40),
}


@pytest.mark.parametrize(("seed", "order"), [(2, "shuffled"), *thorough((1, "in order"), (3, "backwards"))])
def test_every_surface_shows_what_the_program_knows(shown: Shown, seed: int, order: str) -> None:
    program = Program(seed, END)
    store_program(shown.minted, program.spans, order, seed)

    for number, (name, window) in enumerate(WINDOWS.items()):
        truth = program.expected(window)
        issues = shown.diagnose(window)
        overview = Overview.read(shown)
        assert set(issues) == set(truth), name
        for kind, issue in issues.items():
            numbers = of_issue(issue) | of_reads(shown, issue) | of_overview(overview, issue)
            assert numbers == expected_of(program, window, kind, truth[kind]), (name, kind)
            if number == seed % len(WINDOWS):  # of each program one window, since pages take longest
                assert of_pages(shown, issue) == expected_of_pages(truth[kind]), (name, kind)


def test_all_records_of_a_window_are_counted_and_those_that_failed(shown: Shown) -> None:
    program = Program(6, END)
    store_program(shown.minted, program.spans, "shuffled", 6)

    window, numbers = of_window(shown)

    within = program.within(window)
    counts = {"records": len(within), "failures": sum(ran.failed for ran in within)}
    places = {ran.operation for ran in within}
    rows = {
        place: (
            sum(ran.operation == place for ran in within),
            sum(ran.operation == place and ran.failed for ran in within),
        )
        for place in places
    }
    assert numbers == {
        "dashboard": counts,
        "dashboard, operations": rows,
        "dashboard page": counts,
        "failed records": counts["failures"],
    }


@pytest.mark.parametrize(("seed", "order"), [(5, "backwards"), *thorough((4, "shuffled"))])
def test_a_fix_is_handed_over_and_verified_by_what_the_program_knows(
    shown: Shown, seed: int, order: str
) -> None:
    program = Program(seed, END)
    store_program(shown.minted, program.spans, order, seed)
    window = WINDOWS["everything"]
    truth = program.expected(window)
    issues = shown.diagnose(window)
    user = User.objects.create_superuser("decides")

    for kind, issue in issues.items():
        loop = Loop.objects.get(loop_id=issue["loop_id"])
        assert found(r"([\d,]+) failure", Notice.objects.get(loop=loop).text) == truth[kind].failures
        approve_seen(loop, user, "It hurts.", timezone.now())
        assert of_handoff(shown, loop) == expected_of_handoff(truth[kind]), kind
        assert of_verification(shown, loop, CUT) == expected_of_verification(program, kind, loop, CUT), kind


@pytest.mark.parametrize(
    ("seed", "order"), [(1, "in order"), (7, "shuffled"), *thorough((2, "shuffled"), (3, "backwards"))]
)
def test_every_hint_has_the_counts_that_the_program_knows(shown: Shown, seed: int, order: str) -> None:
    program = Program(seed, END)
    store_program(shown.minted, program.spans, order, seed)

    named = set()
    for window in WINDOWS.values():
        for kind, issue in shown.diagnose(window).items():
            for hint in issue["hints"]:
                values = {each["attribute"]: each["value"] for each in (hint, *hint["also"])}
                expected = program.hint(kind, window, values)
                assert {name: hint[name] for name in expected} == expected, (kind, values)
                named |= {(kind, frozenset(values.items()))}
                named |= {(kind, "all")} if hint["support"] == issue["count"] else set()
            if window is WINDOWS["everything"] and issue["hints"]:
                said = counts_in_words(issue["hints"][0])
                assert of_hints(shown, issue, said) == {"plan": True, "loop page": True, "issue page": True}

    assert ("currency", frozenset({("cart.currency", "JPY"), ("cart.gifts", "1")})) in named
    counts = program.expected(WINDOWS["everything"])
    frequent = {kind for kind in CIRCUMSTANCES if kind in counts and counts[kind].failures >= 8}
    assert len(frequent) >= 2
    assert {(kind, "all") for kind in frequent} <= named


def counts_in_words(hint: dict[str, Any]) -> str:
    """What a hint says of its counts: a trait of all failures is no share of them."""
    support, failures = hint["support"], hint["failures"]
    share = f"all {failures}" if support == failures else f"{support} of {failures}"
    others, other_records = hint["records"] - support, hint["operation_records"] - failures
    return f"{share} failures have it, and {others} of {other_records} other records"


@pytest.mark.parametrize(("seed", "order"), [(1, "shuffled"), *thorough((2, "backwards"))])
def test_contrasts_and_inputs_are_those_of_the_program(shown: Shown, seed: int, order: str) -> None:
    program = Program(seed, END)
    store_program(shown.minted, program.spans, order, seed)

    for window in WINDOWS.values():
        by_id = {record_id(ran.sent): ran for ran in program.within(window)}
        for kind, issue in shown.diagnose(window).items():
            failures = [ran for ran in by_id.values() if ran.kind == kind]
            contrast, inputs = issue["contrast"], issue["failing_inputs"]
            failing, healthy = by_id[contrast["failing_id"]], by_id[contrast["healthy_id"]]
            assert (failing.kind, healthy.failed) == (kind, False)
            assert (failing.service, failing.operation) == (healthy.service, healthy.operation)
            assert contrast["failing_id"] == issue["evidence_ids"][0]
            for difference in contrast["differences"]:
                of_record = difference["name"].removeprefix("resource.")
                name = of_record.removeprefix("attributes.")
                if name != of_record:
                    texts = [
                        None if name not in ran.facts else yes_or_no(ran.facts[name])
                        for ran in (failing, healthy)
                    ]
                    assert texts == [difference["failing"], difference["healthy"]], difference
            assert inputs["looked_at"] == len(failures)
            distinct = Counter(str(sorted(ran.own_facts.items())) for ran in failures)
            assert inputs["distinct"] == len(distinct)
            for each in inputs["inputs"]:
                ran = by_id[each["record_id"]]
                assert each["count"] == distinct[str(sorted(ran.own_facts.items()))]


def yes_or_no(text: str) -> str:
    """The text of a fact as values are shown to people, long ones cut."""
    text = {"True": "yes", "False": "no"}.get(text, text)
    return text if len(text) <= 80 else f"{text[:79]}…"


@pytest.mark.parametrize("seed", [7, *thorough(8, 9)])
def test_hints_of_a_sample_say_so_and_are_the_same_for_every_window_with_these_records(
    shown: Shown, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, number in (("COUNTED", 100), ("RARE", 0), ("COARSE", 300)):
        monkeypatch.setattr(population, name, number)
    monkeypatch.setattr(hint_reading, "FAILURES", 50)
    program = Program(seed, SAMPLED)
    store_program(shown.minted, program.spans, "shuffled", seed)
    windows = [Window.ending(SAMPLED + timedelta(minutes=later), 130 + later) for later in (3, 11, 29)]

    found = [{kind: issue["hints"] for kind, issue in shown.diagnose(window).items()} for window in windows]

    assert found[0] == found[1] == found[2]
    hints = [(kind, hint) for kind, of_kind in found[0].items() for hint in of_kind]
    assert hints
    for kind, hint in hints:
        values = {each["attribute"]: each["value"] for each in (hint, *hint["also"])}
        truth = program.hint(kind, windows[0], values)
        sampled = hint["sampled"]
        assert sampled["records_read"] < hint["operation_records"] == truth["operation_records"]
        for name in ("support", "records", "lift"):
            low, high = sampled[name]
            assert low <= hint[name] <= high, (kind, values, name)
            assert low <= truth[name] <= high, (kind, values, name)


CUT = END - timedelta(minutes=45, seconds=7)  # when the fixes shipped that these programs do not have


def expected_of_handoff(truth: Expected) -> dict[str, Any]:
    """What each of those surfaces has to show."""
    pair = truth.failures, truth.exposure
    surfaces = ("handoff", "handoff, plan", "handoff.md", "handoff.md, plan")
    return {
        **dict.fromkeys(surfaces, pair),
        "handoff.md, where": where(truth),
        "handoff.md, who": (truth.sessions, truth.users),
    }


def expected_of_verification(program: Program, kind: str, loop: Loop, shipped_at: datetime) -> dict[str, Any]:
    """What each of those surfaces has to show."""
    before = Window(WINDOWS["everything"].start_unix_nano, unix_nano(shipped_at))
    after = Window(before.end_unix_nano, unix_nano(timezone.now()))
    failed_in = {ran.operation for ran in program.within(before) if ran.kind == kind}
    sides = {
        side: program.rate(kind, window, failed_in | {loop.operation})
        for side, window in (("before", before), ("after", after))
    }
    newest = sorted(
        (ran for ran in program.within(after) if ran.kind == kind), key=lambda ran: ran.start, reverse=True
    )
    return {
        "verify": sides,
        "verify, names it": {"failures"},
        "verify, evidence": record_ids(newest[:5]),
        "loop page": sides,
        "issue page": sides,
        "verify, expected": round(
            expected_failures(program, kind, before, after, failed_in | {loop.operation}), 6
        ),
    }


def expected_failures(program: Program, kind: str, before: Window, after: Window, places: set[str]) -> float:
    """
    How many failures the traffic after would have had at the rate before, as docs/verification.md says it: with the
    mean of the chances that each environment's own traffic gives its failures to come after.
    """
    (failures, _), (_, traffic) = (program.rate(kind, window, places) for window in (before, after))
    chances: list[float] = []
    for environment in {ran.environment for ran in program.spans}:
        (failed, exposure), (again, exposure_after) = (
            program.rate(kind, window, places, environment) for window in (before, after)
        )
        if failed or again:
            chances += [exposure_after / (exposure + exposure_after)] * (failed + again)
    mean = sum(chances) / len(chances)
    exposure = round(traffic * (1 - mean) / mean)
    return failures / exposure * traffic


@pytest.mark.parametrize(("seed", "order"), [(8, "shuffled"), *thorough((7, "in order"), (9, "backwards"))])
def test_what_users_said_is_counted_as_the_program_knows(
    shown: Shown, call: Any, settings: Any, seed: int, order: str
) -> None:
    settings.LOOPKIT_FEEDBACK_RATE = "10000/m"
    program = Program(seed, END)
    ratings = Ratings(program)

    def say(body: dict[str, str]) -> None:
        answer = call("POST", "/v1/feedback", shown.minted.keys["feedback"], body)
        assert answer.status_code == 202, answer.content

    ratings.send(order, say, lambda: store_program(shown.minted, program.spans, order, seed))

    for name, window in WINDOWS.items():
        issues = shown.packet(window)["issues"]
        signals = {issue["service"]: issue for issue in issues if issue["signal_type"] == "user_signal"}
        kinds = {issue["cluster_id"]: kind_of(issue["message"]) for issue in issues}
        truth = ratings.expected(window)
        counted = {
            service: of_ratings(issue, kinds, truth[service]["listed"][1])
            for service, issue in signals.items()
        }
        assert counted == truth, name
        assert all(links_back(issue, issues) for issue in issues), name
        for kind, expected in program.expected(window).items():
            [issue] = [issue for issue in issues if kinds[issue["cluster_id"]] == kind]
            assert of_issue(issue).items() <= expected_of(program, window, kind, expected).items(), (
                name,
                kind,
            )


def links_back(issue: dict[str, Any], issues: list[dict[str, Any]]) -> bool:
    """Whether each issue that shares traces with this one says so, with the same number."""
    by_id = {other["cluster_id"]: other for other in issues}
    for shared in issue["shared_traces"]:
        other = by_id[shared["cluster_id"]]
        back = [
            entry["traces"] for entry in other["shared_traces"] if entry["cluster_id"] == issue["cluster_id"]
        ]
        if back != [shared["traces"]] or shared["of_traces"] != other["impact"]["traces"]:
            return False
    return True
