"""The life of a loop: every state with every trigger is allowed if, and only if, the table has it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from diagnosis.loops import lifecycle, states
from diagnosis.loops.states import NEXT_STATES, TABLE, State, Trigger
from diagnosis.models import Decision, Loop, Verification
from tenants.keys.provisioning import MintedProject
from tests import ROOT
from tests.diagnosis.factory import NOW, make_loop

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("state", State)
def test_a_loop_moves_if_and_only_if_the_table_says_so(
    alice: MintedProject, state: State, trigger: Trigger
) -> None:
    loop = make_loop(alice.project, state=state)
    after = NEXT_STATES.get((state, trigger))

    if after is None:
        with pytest.raises(lifecycle.WrongState, match=f"this one is {state}"):
            lifecycle.apply_trigger(loop, trigger, NOW)
    else:
        lifecycle.apply_trigger(loop, trigger, NOW)

    loop.refresh_from_db()
    assert (loop.state, loop.revision) == ((state, 1) if after is None else (after, 2))
    assert (loop.waiting_since is not None) == (loop.state in states.WAITING)


def test_no_two_rows_are_about_one_state_and_trigger() -> None:
    pairs = [(state, trigger) for row in TABLE for state in row.before for trigger in row.triggers]

    assert len(pairs) == len(set(pairs)) == len(NEXT_STATES)


def test_every_trigger_every_verb_and_every_verdict_is_in_the_table() -> None:
    in_table = {trigger for _, trigger in NEXT_STATES}

    assert in_table == set(Trigger)
    assert {verb.value for verb in Decision.Verb} <= in_table
    assert {f"verdict {verdict.value}" for verdict in Verification.Verdict} <= in_table


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {State(Loop._meta.get_field("state").get_default())}
    for _ in State:
        reached |= {after for (before, _), after in NEXT_STATES.items() if before in reached}

    assert reached == set(State)


def test_only_an_approval_leads_to_a_state_under_approval() -> None:
    outside = set(State) - set(states.UNDER_APPROVAL)
    opening = {
        (row.moved_by, trigger)
        for row in TABLE
        for trigger in row.triggers
        if row.after in states.UNDER_APPROVAL and outside & set(row.before)
    }

    assert opening == {(states.MovedBy.HUMAN, Trigger.APPROVE)}


@pytest.mark.parametrize("verb", ["withdraw", "give_up", "reopen"])
def test_only_humans_withdraw_give_up_and_reopen(verb: str) -> None:
    assert {row.moved_by for row in TABLE if Trigger(verb) in row.triggers} == {states.MovedBy.HUMAN}


@pytest.mark.parametrize("state", [state for state in State if state != State.JOINED])
def test_from_every_state_a_human_has_a_way_on(state: State) -> None:
    assert states.verbs_in(state)


@pytest.mark.parametrize("state", states.UNDER_APPROVAL)
def test_under_an_approval_an_agent_has_a_way_on_unless_the_fix_held(state: State) -> None:
    by_agent = [
        trigger for trigger in states.triggers_of(states.MovedBy.AGENT) if (state, trigger) in NEXT_STATES
    ]

    assert bool(by_agent) == (state != State.HELD)


def test_a_loop_that_was_changed_since_it_was_read_is_not_moved(alice: MintedProject) -> None:
    make_loop(alice.project)
    first, second = Loop.objects.get(), Loop.objects.get()
    lifecycle.apply_trigger(first, Trigger.APPROVE_FIRST, NOW)

    with pytest.raises(lifecycle.WrongState):
        lifecycle.apply_trigger(second, Trigger.REJECT, NOW)

    assert Loop.objects.get().state == "proposed"


def test_the_docstring_and_the_architecture_draw_the_table() -> None:
    docstring = ast.get_docstring(ast.parse(Path(states.__file__).read_text()), clean=False)

    assert docstring is not None
    assert states.drawing() in docstring
    assert f"\n\n{states.drawing()}\n\n" in ARCHITECTURE


def test_the_states_that_the_code_asks_for_follow_from_the_table() -> None:
    assert set(states.WAITING) == {"proposed", "regressed"}
    assert set(states.DECIDABLE) == {"proposed", "regressed", "returned"}
    assert set(states.VERIFIABLE) == {"shipped", "held", "inconclusive"}
    assert set(states.UNDER_APPROVAL) == {"approved", "shipped", "held", "inconclusive"}
    assert states.REPORTABLE == (
        "issue_opened", "pr_opened", "merged", "shipped", "shipped_corrected", "asked_again", "answered",
    )  # fmt: skip
