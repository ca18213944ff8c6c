"""Fixes that are looked at on their own: enough ran since they shipped, or the failure is back."""

from __future__ import annotations

from django.core.management import call_command

from diagnosis.models import Decision, Loop, LoopEvent, Verification
from diagnosis.packets.memory import recall
from diagnosis.verification.verify import recheck, verify
from telemetry.windows import rfc3339
from tests.diagnosis.shipped_loop import SHIPPED, T0, after


def test_a_failure_that_returns_is_a_regression_against_the_held_window(held, send):
    send(after(2), failing=12, ok=48)  # a fifth: less than before the fix, but far from held

    found = verify(held, after(3))

    assert found.verdict == "regressed"
    assert held.state == Loop.State.REGRESSED
    assert (found.document["before"]["failures"], found.document["before"]["exposure"]) == (0, 60)
    assert found.document["before"]["window"]["end"] == rfc3339(after(1))
    assert held.events.filter(kind=LoopEvent.Kind.REGRESSED).count() == 1


def test_a_held_fix_that_is_verified_again_stays_held(held, send):
    send(after(2), ok=10)

    found = verify(held, after(3))

    assert (found.verdict, held.state) == ("held", Loop.State.HELD)
    assert found.document["reason"] == "No failure in 10 records since the fix held: it has not come back."


def test_a_held_fix_that_is_verified_at_once_again_stays_held_and_says_what_is_true(held):
    found = verify(held, after(1))

    assert (found.verdict, held.verdict, held.state) == ("held", "held", Loop.State.HELD)
    assert found.document["reason"] == (
        "No failure in 60 records when it held; nothing ran with the fix since, so its verdict stands."
    )
    assert Verification.objects.count() == 1


def test_looking_again_and_again_does_not_move_the_held_window(held, send):
    kept = held.baseline
    send(after(2), failing=1, ok=10)

    verify(held, after(3))

    assert held.baseline == kept


def test_recheck_leaves_a_held_fix_alone_for_one_stray_failure(alice, held, send):
    send(after(2), failing=1)

    found = recheck(alice.project, after(3))

    assert found == []
    assert Loop.objects.get().state == Loop.State.HELD
    assert Verification.objects.count() == 1


def test_recheck_flags_a_failure_that_is_back(alice, held, send):
    send(after(2), failing=10, ok=10)

    found = recheck(alice.project, after(3))

    assert [(item.loop_id, item.verdict) for item in found] == [(held.loop_id, "regressed")]
    assert Loop.objects.get().state == Loop.State.REGRESSED


def test_a_fix_is_verified_on_its_own_once_enough_ran(alice, loop, send):
    send(SHIPPED, ok=10)
    too_early = recheck(alice.project, after(1))
    send(after(2), ok=50)

    found = recheck(alice.project, after(3))

    assert too_early == []
    assert [(item.loop_id, item.verdict) for item in found] == [(loop.loop_id, "held")]
    assert Loop.objects.get().state == Loop.State.HELD


def test_a_fix_of_a_quiet_service_is_left_to_wait(alice, loop):
    assert recheck(alice.project, after(1)) == []
    assert Loop.objects.get().state == Loop.State.SHIPPED


def test_the_command_verifies_all_projects(loop, send, capsys, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: after(1))
    send(SHIPPED, ok=60)

    call_command("verify_loops")
    call_command("verify_loops")

    told = capsys.readouterr().out
    assert told.startswith(f"{loop.project_id} {loop.loop_id}: held. No failure in 60 records;")
    assert told.count("held.") == 1
    assert [line for line in told.splitlines() if "looked at" in line] == [
        f"Projects looked at: 1. New verdicts: {new}. Approvals that no longer hold: 0." for new in (1, 0)
    ]


def test_the_command_says_that_there_was_nothing_to_do(db, capsys):
    call_command("verify_loops")

    assert capsys.readouterr().out == (
        "Projects looked at: 0. New verdicts: 0. Approvals that no longer hold: 0.\n"
    )


def test_a_regression_reopens_with_records_and_the_old_decision(alice, held, send, django_user_model):
    human = django_user_model.objects.create(username="bob")
    Decision.objects.create(
        loop=held,
        verb="approve",
        reason="real orders",
        decided_by=human,
        decided_at=T0,
        packet=held.packet,
        revision=1,
    )
    send(after(2), failing=30, ok=30)

    recheck(alice.project, after(3))

    detail = held.events.get(kind=LoopEvent.Kind.REGRESSED).detail
    assert detail["decision"]["reason"] == "real orders"
    assert len(detail["evidence_ids"]) == 5
    first = recall(alice.project)[0]
    assert (first["loop_id"], first["state"]) == (held.loop_id, "regressed")
    assert (first["decision"], first["evidence_ids"]) == (detail["decision"], detail["evidence_ids"])


def test_a_fix_that_is_back_in_a_later_release_is_a_regression_of_which_the_counts_are_told(held, send):
    send(after(2), ok=200)
    send(after(3), failing=9, ok=91)  # far fewer than before the fix, and less than a tenth of all since

    found = verify(held, after(4))

    assert (found.verdict, held.state) == ("regressed", Loop.State.REGRESSED)
    counts, _, stretch = found.document["reason"].partition(" since the fix held. ")
    assert counts == "9 failures in 300 records"
    assert stretch.endswith("of the fix until then: more than chance allows.")


def test_a_few_failures_of_a_held_fix_leave_it_held_and_what_is_needed_is_said(held, send):
    send(after(2), failing=2, ok=8)

    found = verify(held, after(3)).document

    assert (found["verdict"], held.state) == ("held", Loop.State.HELD)
    assert found["reason"] == "2 failures in 10 records since the fix held: too few to say that it is back."
    assert found["needed"] == (
        "about 10 more records of {operation} with failures as often as since the fix held, to say that it is back"
    )
    send(after(3), failing=2, ok=8)

    assert verify(held, after(4)).verdict == "regressed"


def test_failures_that_the_verdict_allows_need_nothing_more(held, send):
    send(after(2), failing=2, ok=400)

    found = verify(held, after(3)).document

    assert (found["verdict"], found["needed"], found["needed_exposure"]) == ("held", "", 0)
    assert found["reason"] == "2 failures in 402 records since the fix held: as few as its verdict allows."


def test_one_session_that_fails_again_and_again_is_one_stray(held, send):
    send(after(2), failing=30, ok=0, sessions=1)

    found = verify(held, after(3))

    assert found.verdict == "held"
    assert found.document["reason"].startswith("30 failures in 30 records since the fix held, in 1 session: ")


def test_recheck_stays_in_its_project(charlie, held, send):
    send(after(2), failing=10, ok=10)

    assert recheck(charlie.project, after(3)) == []
