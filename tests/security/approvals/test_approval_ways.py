"""What is handed out of a loop that was approved in another way, or not at all but in its state."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.loops import content_hash
from diagnosis.models import Loop, Packet
from telemetry.models import Record, Trace
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tenants.stores.binding import bind
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import decide, page_of, text
from tests.diagnosis.factory import make_loop
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.security.approvals.test_approval_content import (
    INJECTED,
    STATES,
    handoff,
    join_logs,
    later_span,
    refusal,
)
from tests.staff_clients import Reader, home, member, operator


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


def test_spans_between_the_page_and_its_form_neither_void_it_nor_come_out(
    alice: MintedProject, call: Any, boss: Client
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    page = text(boss.get(page_of(stored_loop())))
    for number in range(8):
        later_span(call, alice, number, **{"session.id": "\t changed"})

    assert decide(boss, stored_loop(), "approve").status_code == 302
    given = handoff(call, alice).json()
    assert {record["session_id"] for record in given["evidence"]} <= {"s0", "s1", "s2", "s3"}
    assert "changed" not in page


@pytest.mark.parametrize("state", STATES)
def test_a_state_without_its_decision_opens_nothing(alice: MintedProject, call: Any, state: str) -> None:
    make_loop(alice.project)
    Loop.objects.update(state=state)

    assert refusal(handoff(call, alice)) == f"The loop is {state}, but no decision leads there."


@pytest.mark.parametrize("verb", ["reject", "return"])
def test_nor_does_one_after_another_decision(
    alice: MintedProject, call: Any, boss: Client, verb: str
) -> None:
    decide(boss, make_loop(alice.project), verb)
    Loop.objects.update(state="approved")

    assert "no decision leads there" in refusal(handoff(call, alice))


def test_nor_does_one_after_the_first_of_two_approvals(alice: MintedProject, call: Any) -> None:
    tenant = home(alice.project, "acme").tenant
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    decide(
        member("olga", tenant, permissions=["view_loop", "decide_loop"]), make_loop(alice.project), "approve"
    )
    Loop.objects.update(state="approved")

    assert "no decision leads there" in refusal(handoff(call, alice))


def test_the_next_diagnosis_asks_a_human_about_a_state_without_its_decision(
    alice: MintedProject, call: Any
) -> None:
    make_loop(alice.project, state="approved")

    diagnose(call, alice)

    assert (stored_loop().state, stored_loop().again) == (
        "proposed",
        "The loop is approved, but no decision leads there.",
    )


def test_an_approval_of_version_1_gives_out_what_the_bytes_of_the_spans_say(
    alice: MintedProject, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    monkeypatch.setattr(content_hash, "CURRENT_VERSION", 1)
    loop = stored_loop()
    issue = {name: value for name, value in loop.issue.items() if name != "evidence_traces"}
    Packet.objects.update(document=loop.packet.document | {"issues": [issue]})
    Loop.objects.update(issue=issue)
    approve_seen(stored_loop(), User.objects.create_superuser("olga"), "Yes.", datetime.now(UTC))
    before = handoff(call, alice)

    for number in range(8):
        later_span(call, alice, number, **{"session.id": INJECTED, "user.id": INJECTED})
    with bind(alice.project):
        Record.objects.update(
            failure_message=INJECTED, name=INJECTED, operation=INJECTED, start_time_unix_nano=1
        )

    assert before.status_code == 200
    assert handoff(call, alice).content == before.content
    first = before.json()["evidence"][0]
    assert (first["session_id"], first["user_id"], first["message"]) == ("s0", "u0", "no stock")


def test_an_issue_of_an_earlier_release_shows_and_gives_out_what_its_own_spans_name(
    alice: MintedProject, call: Any, boss: Client
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    loop = stored_loop()
    issue = {name: value for name, value in loop.issue.items() if name != "evidence_traces"}
    Packet.objects.update(document=loop.packet.document | {"issues": [issue]})
    Loop.objects.update(issue=issue)
    with bind(alice.project):
        Trace.objects.update(session_id="of its trace", user_id="of its trace")

    shown = {}
    for record_id in issue["evidence_ids"]:
        page = boss.get(page_of(loop), {"record": record_id}).context["evidence"]
        shown[record_id] = (page.pair.chosen["session_id"], page.pair.chosen["user_id"])
        later_span(call, alice, len(shown), **{"session.id": INJECTED, "user.id": INJECTED})
    decide(boss, stored_loop(), "approve")
    given = handoff(call, alice).json()["evidence"]

    assert {record["record_id"]: (record["session_id"], record["user_id"]) for record in given} == shown
    assert set(shown.values()) <= {(f"s{number}", f"u{number}") for number in range(4)}


def test_an_approval_covers_the_version_that_its_page_showed(
    alice: MintedProject, call: Any, boss: Client
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    join_logs(call, alice, error=False)
    diagnose(call, alice)

    assert decide(boss, stored_loop(), "approve", "Fix it.").status_code == 302

    before = handoff(call, alice).content
    join_logs(call, alice, error=True)
    assert handoff(call, alice).content == before
    assert "SYSTEM" in before.decode()


def test_log_records_that_join_between_the_page_and_its_form_are_seen_first(
    alice: MintedProject, call: Any, boss: Client
) -> None:
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    seen = Reader(boss.get(page_of(stored_loop()))).inputs

    join_logs(call, alice, error=False)
    answer = decide(boss, stored_loop(), "approve", "Fix it.", **seen)

    assert stored_loop().state == "proposed"
    assert "no longer what the page showed" in text(answer)
