"""Loops that come back although a human decided: rejected and grown, or approved and no longer the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from diagnosis import periodic_jobs
from diagnosis.diagnose import diagnose
from diagnosis.loops import approval, next_action
from diagnosis.models import Decision, Loop, LoopEvent, Packet
from diagnosis.packets import memory, publishing
from telemetry.models import Record
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tenants.stores.binding import bind
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.shipped_loop import T0, Send

Verb = Decision.Verb
DAY = timedelta(days=1)


@pytest.fixture
def olga(db: None) -> User:
    """Staff who may decide."""
    return User.objects.create_superuser("olga")


@pytest.fixture
def proposed(alice: MintedProject, send: Send) -> Loop:
    """12 failures in the first day, diagnosed at its end."""
    send(T0, failing=12, ok=100)
    return of_day(alice, 1)[0]


def of_day(minted: MintedProject, day: int) -> tuple[Loop, dict[str, Any]]:
    """The only loop of the project, and its issue by a diagnosis of that day."""
    packet = diagnosed(minted, day)
    [issue] = publishing.packet_as_answered(packet)["issues"]
    return Loop.objects.select_related("project__tenant").get(), issue


def diagnosed(minted: MintedProject, day: int) -> Packet:
    """A diagnosis at the end of that day."""
    return diagnose(minted.project, Window.ending(T0 + day * DAY, 24 * 60), T0 + day * DAY)


def test_a_rejected_failure_stays_quiet_while_it_goes_on(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approval.record_decision(
        proposed, approval.DecisionChoice(Verb.REJECT, "A test account.", times=3), olga, T0 + DAY
    )
    send(T0 + DAY, failing=14, ok=100)

    loop, issue = of_day(alice, 2)

    assert (loop.state, issue["status"]) == ("rejected", "rejected")
    assert next_action.for_loop(loop) == (
        f"Nothing: a human rejected it; see decision.reason of GET /v1/loops/{loop.loop_id}. "
        "It is proposed again once it grows 3 times past the 12 failures a day at which it was rejected."
    )


def test_the_memory_says_when_something_happened_whatever_is_diagnosed_meanwhile(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approval.record_decision(proposed, approval.DecisionChoice(Verb.RETURN, "Which account?"), olga, T0 + DAY)
    began = memory.recall(alice.project)[0]["since"]
    send(T0 + DAY, failing=14, ok=100)

    of_day(alice, 2)

    assert [one["since"] for one in memory.recall(alice.project)] == [began]


def test_once_it_grew_it_is_proposed_again_and_says_so(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approval.record_decision(
        proposed, approval.DecisionChoice(Verb.REJECT, "A test account.", times=3), olga, T0 + DAY
    )
    send(T0 + DAY, failing=40, ok=100)

    loop, issue = of_day(alice, 2)

    told = "Rejected at 12 failures a day by olga because: A test account; now 40 failures a day."
    assert (loop.state, loop.again, loop.failures) == ("proposed", told, 40)
    assert (issue["status"], issue["approval"]["state"]) == ("reopened", "proposed")
    assert issue["next_action"].startswith(told)
    event = loop.events.get(kind=LoopEvent.Kind.GREW)
    assert (event.detail["was"]["failures"], event.detail["is"]["failures"]) == (12, 40)
    [remembered] = memory.recall(alice.project)
    assert (remembered["state"], remembered["decision"]["verb"]) == ("proposed", "reject")
    assert remembered["note"].startswith(told)


def test_what_was_rejected_for_good_stays_rejected(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approval.record_decision(proposed, approval.DecisionChoice(Verb.REJECT, "Never mind."), olga, T0 + DAY)
    send(T0 + DAY, failing=200, ok=100)

    loop, issue = of_day(alice, 2)

    assert (loop.state, issue["status"]) == ("rejected", "rejected")
    assert loop.pk in {one["loop_id"] for one in memory.recall(alice.project)}
    assert next_action.for_loop(loop).endswith("For good: it is not proposed again by itself.")


def test_a_loop_that_grew_can_be_rejected_again_by_its_new_numbers(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approval.record_decision(
        proposed, approval.DecisionChoice(Verb.REJECT, "A test account.", times=3), olga, T0 + DAY
    )
    send(T0 + DAY, failing=40, ok=100)
    again = of_day(alice, 2)[0]

    approval.record_decision(
        again, approval.DecisionChoice(Verb.REJECT, "Still.", times=3), olga, T0 + 2 * DAY
    )
    send(T0 + 2 * DAY, failing=60, ok=100)

    assert of_day(alice, 3)[0].state == "rejected"
    assert Loop.objects.get().again == ""


def test_an_approval_is_outdated_once_a_record_of_its_evidence_is_gone(
    alice: MintedProject, proposed: Loop, olga: User, call: Callable[..., Any]
) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    bundle = f"/v1/loops/{proposed.pk}/handoff"
    before = call("GET", bundle, alice.keys["agent"])
    forget(alice, proposed.issue["evidence_ids"])

    refused = call("GET", bundle, alice.keys["agent"])

    error = refused.json()["error"]
    assert (before.status_code, refused.status_code, error["code"]) == (200, 409, "approval_outdated")
    assert error["message"].startswith("The approval by olga no longer holds: ")
    assert "/v1/runs/diagnose" in error["hint"]
    read = call("GET", f"/v1/loops/{proposed.pk}", alice.keys["agent"]).json()
    assert (read["state"], read["outdated"]) == ("approved", error["message"])
    assert call("GET", f"{bundle}?format=md", alice.keys["agent"]).status_code == 409


def test_the_next_diagnosis_puts_it_to_a_human_again(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    forget(alice, proposed.issue["evidence_ids"][:1])

    diagnosed(alice, 3)  # a day without the failure

    loop = Loop.objects.get()
    gone = f"the record {proposed.issue['evidence_ids'][0]} is not stored any more"
    assert (loop.state, loop.again) == ("proposed", f"The approval by olga no longer holds: {gone}.")
    assert loop.events.last().detail["approval"]["decided_by"] == "olga"
    with pytest.raises(approval.EvidenceUnavailable, match=f"cannot be approved: {gone}"):
        approve_seen(loop, olga, "Fix it all the same.", T0 + 3 * DAY)


def test_once_the_failure_is_diagnosed_again_it_can_be_approved_again(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    forget(alice, proposed.issue["evidence_ids"][:1])
    send(T0 + 2 * DAY, failing=12, ok=100)
    diagnosed(alice, 3)

    approve_seen(Loop.objects.get(), olga, "Fix it all the same.", T0 + 3 * DAY)
    diagnosed(alice, 3)

    assert Loop.objects.get().state == "approved"


def test_verify_loops_does_so_by_the_clock(alice: MintedProject, proposed: Loop, olga: User) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    Loop.objects.update(issue=proposed.issue | {"patch_plan": {"lever": "prompt"}})
    said = StringIO()

    call_command("verify_loops", stdout=said)

    assert "no longer holds: the patch plan was changed." in said.getvalue()
    assert Loop.objects.get().state == "proposed"


def test_a_round_reopens_an_outdated_approval_where_nothing_shipped(
    alice: MintedProject, proposed: Loop, olga: User
) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    Loop.objects.update(issue=proposed.issue | {"patch_plan": {"lever": "prompt"}})

    periodic_jobs.run_all_jobs(lambda: T0 + DAY, lambda: True)

    assert Loop.objects.get().state == "proposed"


@pytest.mark.parametrize("way", ["round", "command"])
def test_a_first_of_two_approvals_that_no_longer_holds_is_taken_back(
    alice: MintedProject, proposed: Loop, olga: User, way: str
) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    approve_seen(Loop.objects.select_related("project__tenant").get(), olga, "Fix it.", T0 + DAY)
    Loop.objects.update(issue=proposed.issue | {"patch_plan": {"lever": "prompt"}})

    if way == "round":
        periodic_jobs.run_all_jobs(lambda: T0 + DAY, lambda: True)
    else:
        call_command("verify_loops")

    assert "The first approval by olga no longer holds" in Loop.objects.get().again


def test_more_failures_leave_an_approval_as_it_is(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    send(T0 + DAY, failing=40, ok=100)

    loop = of_day(alice, 2)[0]

    assert (loop.state, loop.issue["count"], loop.again) == ("approved", 12, "")


def test_what_one_of_two_approved_stays_in_sight_for_the_second(
    alice: MintedProject, send: Send, proposed: Loop, olga: User
) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    proposed = Loop.objects.select_related("project__tenant").get()
    approve_seen(proposed, olga, "Fix it.", T0 + DAY)
    send(T0 + DAY, failing=40, ok=100)

    loop, issue = of_day(alice, 2)
    approve_seen(loop, User.objects.create_superuser("paul"), "Yes.", T0 + 2 * DAY)

    assert issue["next_action"].startswith("One of two approvals, by olga.")
    assert (Loop.objects.get().state, loop.issue["count"]) == ("approved", 12)


def forget(minted: MintedProject, record_ids: list[str]) -> None:
    """As retention does."""
    with bind(minted.project):
        for record_id in record_ids:
            Record.objects.filter(span_id=bytes.fromhex(record_id[-16:])).delete()
