"""The next step after each report of an agent is not what was reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from diagnosis.loops import lifecycle, next_action
from diagnosis.loops.states import Trigger
from diagnosis.models import Loop
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.factory import NOW, make_loop

Call = Callable[..., Any]
STEPS = ("issue_opened", "pr_opened", "merged")
FIELDS = {"pr_opened": {"url": "https://git.example/pr/7"}}


def report(call: Call, alice: MintedProject, loop: Loop, kind: str) -> dict[str, Any]:
    """The loop as the answer to the report has it."""
    sent = {"kind": kind} | FIELDS.get(kind, {})
    answer = call("POST", f"/v1/loops/{loop.loop_id}/events", alice.keys["agent"], sent)
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def to_report(sentence: str) -> set[str]:
    """The steps that the sentence asks to report."""
    return {kind for kind in (*STEPS, "shipped") if re.search(rf"\b{kind}\b", sentence)}


@pytest.mark.parametrize("state", [Loop.State.APPROVED, Loop.State.INCONCLUSIVE])
def test_each_report_leads_to_the_steps_after_it(state: str, alice: MintedProject, call: Call) -> None:
    loop = make_loop(alice.project, state=state)
    steps = [*STEPS, "shipped"]

    for number, kind in enumerate(STEPS):
        sentence = report(call, alice, loop, kind)["next_action"]
        if (state, kind) != (Loop.State.INCONCLUSIVE, "issue_opened"):  # an issue is no part of a second fix
            assert to_report(sentence) == {*steps[number + 1 :]}, kind
            assert ("handoff" in sentence) == (kind == "issue_opened")
        whole = call("GET", f"/v1/loops/{loop.loop_id}", alice.keys["agent"]).json()
        assert whole["next_action"] == sentence

    assert "shipped_at" in sentence


def test_a_handoff_that_is_fetched_again_says_what_is_left(alice: MintedProject) -> None:
    merged = Loop(loop_id="loop_1", state=Loop.State.APPROVED, reported="merged")

    assert next_action.after_handoff(merged) == next_action.for_loop(merged)
    assert to_report(next_action.for_loop(merged)) == {"shipped"}


@pytest.mark.parametrize(
    ("state", "trigger"),
    [
        (Loop.State.APPROVED, Trigger.SHIPPED),
        (Loop.State.APPROVED, Trigger.WITHDRAW),
        (Loop.State.INCONCLUSIVE, Trigger.ASKED_AGAIN),
        (Loop.State.INCONCLUSIVE, Trigger.VERDICT_HELD),
    ],
)
def test_a_step_that_changes_the_state_ends_what_was_reported(
    state: str, trigger: Trigger, alice: MintedProject
) -> None:
    loop = make_loop(alice.project, state=state)
    Loop.objects.update(reported="merged")
    loop.refresh_from_db()

    lifecycle.apply_trigger(loop, trigger, NOW)

    assert loop.reported == ""
    assert to_report(next_action.for_loop(loop)) == set()


def test_a_verdict_without_traffic_keeps_what_was_reported(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state=Loop.State.INCONCLUSIVE)
    Loop.objects.update(reported="merged")
    loop.refresh_from_db()

    lifecycle.apply_trigger(loop, Trigger.VERDICT_NO_TRAFFIC, NOW)

    assert loop.reported == "merged"


@pytest.mark.parametrize(
    "state", [state for state in Loop.State if state not in ("approved", "inconclusive")]
)
def test_other_states_do_not_speak_of_a_report(state: str, alice: MintedProject) -> None:
    loop = make_loop(alice.project, state=state)
    before = next_action.for_loop(loop)
    loop.reported = "merged"

    assert next_action.for_loop(loop) == before


def test_loops_of_earlier_versions_take_their_reports_over(alice: MintedProject, call: Call) -> None:
    loop = make_loop(alice.project, state=Loop.State.APPROVED)
    report(call, alice, loop, "pr_opened")
    report(call, alice, loop, "merged")
    Loop.objects.update(reported="")

    import_module("diagnosis.migrations.0025_reported_step").take_over_reports(apps, None)

    assert Loop.objects.get().reported == "merged"
