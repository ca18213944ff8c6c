"""An agent's reports over HTTP: in every state every kind, their order, doubled ones, and what is put right."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.handoff.report_order import MOST_CORRECTIONS, MOST_FIXES
from diagnosis.loops.states import NEXT_STATES, REPORTABLE, State, Trigger
from diagnosis.models import Loop, LoopEvent, Verification, WayOn
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry
from tests.diagnosis.approving import approve_seen
from tests.module_data import ModuleData
from tests.telemetry.factory import minutes, span, store

URL = "https://git.example/pr/7"
# A report of each kind with all that it needs, and fields that differ from every other one.
COMPLETE: dict[str, dict[str, Any]] = {
    "issue_opened": {},
    "pr_opened": {"url": URL},
    "merged": {},
    "shipped": {"release": "2.0.0"},
    "shipped_corrected": {"release": "2.0.1"},
    "asked_again": {"note": "Which one?"},
    "answered": {"note": "Yes."},
}
Report = Callable[..., Any]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any], call: Callable[..., Any]) -> Iterator[ModuleData]:
    """A project with a proposed loop on stored records."""

    def build() -> MintedProject:
        now = timezone.now()
        alice = provisioning.mint_project("alice", "", now, claim=False)
        store(alice.project, [span("charge card", at=now - minutes(50), error="declined")], now)
        assert call("POST", "/v1/runs/diagnose", alice.keys["agent"]).status_code == 200
        return alice

    yield from build_module_data(build)


@pytest.fixture
def loop(db: None, module_data: ModuleData) -> Loop:
    """The loop, approved half an hour ago."""
    loop = Loop.objects.select_related("project__tenant").get()
    approve_seen(loop, User.objects.create_superuser("olga"), "Yes.", timezone.now() - minutes(30))
    return loop


@pytest.fixture
def report(module_data: ModuleData, loop: Loop, call: Callable[..., Any]) -> Report:
    """A report on the loop with the agent key."""
    alice = copy.deepcopy(module_data.built)

    def send(kind: str, **fields: Any) -> Any:
        return call("POST", f"/v1/loops/{loop.pk}/events", alice.keys["agent"], {"kind": kind} | fields)

    return send


def now_in(loop: Loop, state: str, verdict: str = "") -> Loop:
    """The loop as it is stored, once it is in this state."""
    Loop.objects.filter(pk=loop.pk).update(state=state, verdict=verdict)
    loop.refresh_from_db()
    return loop


def outcome(answer: Any) -> tuple[int, str]:
    """Status and code of an answer."""
    return answer.status_code, (answer.json().get("error") or {}).get("code", "")


def test_each_kind_that_an_agent_reports_is_tried() -> None:
    assert list(COMPLETE) == [kind.value for kind in REPORTABLE]


@pytest.mark.parametrize("kind", COMPLETE)
@pytest.mark.parametrize("state", State)
def test_a_report_is_taken_if_and_only_if_the_table_says_so(
    loop: Loop, report: Report, state: State, kind: str
) -> None:
    after = NEXT_STATES.get((state, Trigger(kind)))
    assert outcome(report("pr_opened", url=URL))[0] == 201  # merged needs it
    Loop.objects.update(way_on=WayOn.TOO_RARE)  # asked_again needs it before a verdict
    now_in(loop, state)

    answer = report(kind, **COMPLETE[kind] | {"note": "in this state"})

    loop.refresh_from_db()
    assert (loop.state, outcome(answer)) == (
        (state, (409, "wrong_state")) if after is None else (after, (201, ""))
    )
    if after is None:
        assert answer.json()["error"]["hint"]
    else:
        assert (answer.json()["state"], answer.json()["event"]["kind"]) == (after, kind)


@pytest.mark.parametrize("kind", COMPLETE)
def test_a_report_that_is_sent_again_is_answered_as_the_one_that_is_there(
    loop: Loop, report: Report, kind: str
) -> None:
    report("pr_opened", url="https://git.example/pr/1")
    [state, *_] = [state for state, trigger in NEXT_STATES if trigger == Trigger(kind)]
    Loop.objects.update(way_on=WayOn.TOO_RARE)
    now_in(loop, state)
    first = report(kind, **COMPLETE[kind])
    revision, events = Loop.objects.get().revision, LoopEvent.objects.count()

    again = report(kind, **COMPLETE[kind])

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["event"] == first.json()["event"]
    assert (Loop.objects.get().revision, LoopEvent.objects.count()) == (revision, events)


def test_a_merge_comes_after_its_pull_request(report: Report) -> None:
    early = report("merged")
    report("pr_opened", url=URL)

    assert outcome(early) == (409, "wrong_order")
    assert "Report pr_opened with its url" in early.json()["error"]["hint"]
    assert outcome(report("merged")) == (201, "")


def test_the_second_fix_has_a_pull_request_of_its_own(loop: Loop, report: Report) -> None:
    report("pr_opened", url=URL), report("merged"), report("shipped", release="1")
    now_in(loop, State.INCONCLUSIVE, "unchanged")

    assert outcome(report("merged")) == (409, "wrong_order")
    assert outcome(report("pr_opened", url=URL)) == outcome(report("merged")) == (201, "")
    assert LoopEvent.objects.filter(kind="merged").count() == 2


@pytest.mark.parametrize(
    ("kind", "fields", "named"),
    [
        ("pr_opened", {}, "url"),
        ("answered", {}, "note"),
        ("asked_again", {}, "note"),
        ("shipped_corrected", {"note": "wrong"}, "shipped_at"),
        ("merged", {"release": "2"}, "release"),
        ("issue_opened", {"shipped_at": "2026-01-01T00:00:00Z"}, "shipped_at"),
    ],
)
def test_fields_that_do_not_go_with_a_kind_are_refused(
    report: Report, kind: str, fields: dict[str, Any], named: str
) -> None:
    answer = report(kind, **fields)

    assert outcome(answer) == (400, "invalid")
    assert answer.json()["error"]["message"].startswith(named)


def test_another_shipment_before_a_verdict_is_told_to_put_the_first_right(report: Report) -> None:
    report("shipped")

    answer = report("shipped", release="1.4.2")

    assert outcome(answer) == (409, "wrong_state")
    assert "shipped_corrected" in answer.json()["error"]["hint"]


def test_a_release_that_was_left_out_is_given_later(report: Report) -> None:
    shipped = report("shipped").json()

    put_right = report("shipped_corrected", release="v1.4.2").json()

    assert (shipped["release"], put_right["release"]) == (None, "v1.4.2")
    assert (put_right["state"], put_right["attempt"], put_right["shipped_at"]) == (
        "shipped", 1, shipped["shipped_at"],
    )  # fmt: skip


def test_a_time_that_is_put_right_has_a_baseline_of_its_own_and_voids_the_verdict(
    loop: Loop, report: Report
) -> None:
    report("shipped", release="1")
    now_in(loop, State.INCONCLUSIVE, "inconclusive")
    time = timezone.now() - minutes(10)

    put_right = report("shipped_corrected", shipped_at=time.isoformat())

    loop.refresh_from_db()
    assert outcome(put_right) == (201, "")
    assert (loop.state, loop.verdict, loop.shipped_at, loop.release) == ("shipped", "", time, "1")
    assert loop.baseline["window"]["end"] == put_right.json()["shipped_at"]
    assert (loop.baseline["failures"], loop.attempt) == (1, 1)
    assert put_right.json()["event"]["detail"]["was"]["release"] == "1"


@pytest.mark.parametrize("kind", ["shipped", "shipped_corrected"])
@pytest.mark.parametrize(
    ("ago", "reason"),
    [(-60, "lies in the future."), (40, "lies before the approval"), (90, "lies before the first failure")],
)
def test_a_time_that_cannot_be_is_refused_with_the_reason(
    report: Report, kind: str, ago: float, reason: str
) -> None:
    if kind == "shipped_corrected":
        report("shipped", release="1")

    answer = report(kind, shipped_at=(timezone.now() - minutes(ago)).isoformat())

    assert outcome(answer) == (400, "invalid")
    assert answer.json()["error"]["message"].startswith(f"shipped_at: {reason}")


@pytest.mark.parametrize("state", ["held", "regressed"])
def test_once_a_verdict_stands_nothing_is_put_right(loop: Loop, report: Report, state: str) -> None:
    report("shipped", release="1")
    now_in(loop, state, state)

    answer = report("shipped_corrected", release="2")

    assert outcome(answer) == (409, "wrong_state")
    assert Loop.objects.get().release == "1"


@pytest.mark.parametrize("verdict", ["inconclusive", "unchanged", "improved"])
def test_a_second_fix_ships_under_the_same_approval(
    loop: Loop, report: Report, verdict: str, module_data: ModuleData, call: Any
) -> None:
    first = timezone.now() - minutes(20)
    report("shipped", release="1", shipped_at=first.isoformat())
    now_in(loop, State.INCONCLUSIVE, verdict)
    LoopEvent.objects.create(
        loop=loop, kind="verified", actor="loopkit", detail={"verdict": verdict}, created_at=timezone.now()
    )
    said = next_action_of(loop, module_data, call)

    answer = report("shipped", release="2")

    shown = call("GET", f"/v1/loops/{loop.pk}", module_data.built.keys["agent"]).json()
    one, two = shown["fixes"]
    assert "shipped again" in said
    assert "asked_again" in said
    assert (outcome(answer), answer.json()["state"], answer.json()["attempt"]) == ((201, ""), "shipped", 2)
    assert (one["attempt"], one["release"], one["verdict"]) == (1, "1", verdict)
    assert (two["attempt"], two["release"], two["verdict"]) == (2, "2", None)
    # None came between the fixes, which is no rate to compare with.
    assert (one["before"]["failures"], two["before"]["failures"]) == (1, 1)
    assert two["before"]["window"] == {
        "start": one["before"]["window"]["start"],
        "end": two["shipped_at"],
        "since_minutes": two["before"]["window"]["since_minutes"],
    }
    assert datetime.fromisoformat(one["shipped_at"]) == first


def next_action_of(loop: Loop, data: ModuleData, call: Any) -> str:
    """What the API says is next for the loop."""
    return str(call("GET", f"/v1/loops/{loop.pk}", data.built.keys["agent"]).json()["next_action"])


def test_a_second_fix_ships_after_the_first(loop: Loop, report: Report) -> None:
    report("shipped", release="1")
    now_in(loop, State.INCONCLUSIVE, "improved")

    answer = report("shipped", release="2", shipped_at=(timezone.now() - minutes(3)).isoformat())

    assert outcome(answer) == (400, "invalid")
    assert "is not after the fix before it" in answer.json()["error"]["message"]


def test_an_approval_covers_a_bounded_number_of_fixes(loop: Loop, report: Report) -> None:
    for number in range(MOST_FIXES):
        assert outcome(report("shipped", release=str(number))) == (201, "")
        now_in(loop, State.INCONCLUSIVE, "unchanged")

    answer = report("shipped", release="one more")

    assert outcome(answer) == (409, "too_many_reports")
    assert "asked_again" in answer.json()["error"]["hint"]


def test_a_shipment_is_put_right_a_bounded_number_of_times(report: Report) -> None:
    report("shipped")
    answers = [report("shipped_corrected", release=str(number)) for number in range(MOST_CORRECTIONS + 1)]

    assert [answer.status_code for answer in answers] == [201] * MOST_CORRECTIONS + [409]
    assert "a human" in answers[-1].json()["error"]["hint"]


def test_a_question_after_a_fix_waits_for_a_human_and_ends_the_approval(
    loop: Loop, report: Report, module_data: ModuleData, call: Any
) -> None:
    report("shipped", release="1")
    now_in(loop, State.INCONCLUSIVE, "unchanged")

    asked = report("asked_again", note="The plan names the wrong file.").json()

    agent = module_data.built.keys["agent"]
    handoff = call("GET", f"/v1/loops/{loop.pk}/handoff", agent)
    assert asked["state"] == "proposed"
    assert asked["again"] == (
        "A fix shipped, its verdict is unchanged, and the coding agent asks what to do now."
    )
    assert outcome(handoff) == (409, "not_approved")
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (entry.event, entry.detail["kind"], entry.actor[:4]) == ("ended", "asked_again", "key:")
    assert Loop.objects.get().waiting_since is not None


def test_a_question_before_a_verdict_is_refused_with_what_to_do(
    loop: Loop, report: Report, module_data: ModuleData, call: Any
) -> None:
    """It would end the verification of a fix of which nothing is known, and with it the approval."""
    report("shipped", release="1")

    answer = report("asked_again", note="Was that right?")

    assert outcome(answer) == (409, "wrong_order")
    assert "no verdict yet" in answer.json()["error"]["message"]
    assert "POST /v1/runs/verify" in answer.json()["error"]["hint"]
    assert "asked_again" not in next_action_of(loop, module_data, call)
    assert Loop.objects.get().state == State.SHIPPED


def test_a_question_about_a_fix_that_no_traffic_decides_needs_no_verdict(
    loop: Loop, report: Report, module_data: ModuleData, call: Any
) -> None:
    report("shipped", release="1")
    Loop.objects.update(way_on=WayOn.NO_FAILURES)

    said = next_action_of(loop, module_data, call)
    asked = report("asked_again", note="Nothing failed before it.")

    assert "asked_again" in said
    assert (outcome(asked), asked.json()["state"]) == ((201, ""), "proposed")


def test_what_was_verified_before_a_correction_is_not_the_last_verdict(loop: Loop, report: Report) -> None:
    report("shipped", release="1")
    loop.refresh_from_db()
    look = {"number": 3, "information": 9.0}
    document = {"look": look, "before": {"window": {"end": loop.baseline["window"]["end"]}}}
    Verification.objects.create(loop=loop, verdict="unchanged", document=document, created_at=timezone.now())
    before = last_look(loop)

    report("shipped_corrected", release="2")

    loop.refresh_from_db()
    assert (before, last_look(loop)) == (3, None)


def last_look(loop: Loop) -> int | None:
    """The number of the interim analysis that the next verification goes on from."""
    from diagnosis.verification.baseline import ComparedWindow
    from diagnosis.verification.comparison import last_verification

    found = last_verification(loop, ComparedWindow.from_document(loop.baseline))
    return found.document["look"]["number"] if found else None


DECIDING = [
    "approve",
    "Approved",
    " give-up",
    "given up",
    "REOPEN",
    "withdrawn",
    "decided",
    "approval",
    "reject",
]


@pytest.mark.parametrize("kind", DECIDING)
def test_a_decision_by_a_key_is_answered_with_who_decides_and_where(
    loop: Loop, report: Report, kind: str
) -> None:
    answer = report(kind)

    hint = answer.json()["error"]["hint"]
    assert outcome(answer) == (400, "invalid")
    assert "role approver" in hint
    assert f"http://testserver/admin/diagnosis/loop/{loop.pk}/change/" in hint


@pytest.mark.parametrize("verb", ["approve", "reject", "return", "withdraw", "reopen", "give_up"])
def test_a_decision_as_a_path_is_answered_so_too(
    loop: Loop, module_data: ModuleData, call: Any, verb: str
) -> None:
    answer = call("POST", f"/v1/loops/{loop.pk}/{verb}", module_data.built.keys["agent"], {})

    assert outcome(answer) == (403, "only_humans_decide")
    assert f"/admin/diagnosis/loop/{loop.pk}/change/" in answer.json()["error"]["hint"]
    assert Loop.objects.get().state == "approved"


def test_clocks_of_applications_that_are_ahead_keep_no_fix_from_shipping(loop: Loop, report: Report) -> None:
    Loop.objects.update(first_seen_at=timezone.now() + timedelta(days=1))

    assert outcome(report("shipped")) == (201, "")


def test_a_correction_of_nothing_changes_nothing(loop: Loop, report: Report) -> None:
    shipped = report("shipped", release="1").json()
    loop.refresh_from_db()
    stored = (loop.shipped_at, loop.shipment_set_at, loop.revision)

    answers = [
        report("shipped_corrected", release="1"),
        report("shipped_corrected", release="1", shipped_at=shipped["shipped_at"][:19] + "Z"),
    ]

    loop.refresh_from_db()
    assert {answer.json()["event"]["kind"] for answer in answers} == {"shipped"}
    assert (loop.shipped_at, loop.shipment_set_at, loop.revision) == stored


def test_a_correction_whose_time_cannot_be_is_told_what_leaving_it_out_means(report: Report) -> None:
    report("shipped", release="1")

    answer = report("shipped_corrected", shipped_at=(timezone.now() + minutes(60)).isoformat())

    assert "stays as it is" in answer.json()["error"]["hint"]
