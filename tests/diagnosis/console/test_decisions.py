"""Deciding on one loop over HTTP: who may, on what, and what the second of two is told."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.test import Client
from django.utils import timezone

from diagnosis.loops import lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import Decision, Loop
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tests.diagnosis.console_requests import QUEUE, decide, page_of, text
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, member, operator

READ_ONLY = ["view_loop", "view_packet"]


@pytest.mark.parametrize(
    ("verb", "state"), [("approve", "approved"), ("reject", "rejected"), ("return", "returned")]
)
def test_each_decision_moves_the_loop_and_is_kept(
    boss: Client, project: Project, verb: str, state: str
) -> None:
    loop = make_loop(project)

    answer = decide(boss, loop, verb, "because I read it")

    loop.refresh_from_db()
    decision = Decision.objects.get()
    assert (answer.status_code, loop.state) == (302, state)
    assert (decision.verb, decision.reason, decision.decided_by.username) == (
        verb,
        "because I read it",
        "boss",
    )
    assert "because I read it" in LogEntry.objects.get().change_message
    assert "because I read it" in text(boss.get(page_of(loop)))


def test_a_decision_without_a_reason_is_refused(boss: Client, project: Project) -> None:
    loop = make_loop(project)

    page = text(decide(boss, loop, "approve", "   "))

    loop.refresh_from_db()
    assert "Say why" in page
    assert loop.state == "proposed"


def test_of_two_approvers_the_second_is_told_who_decided(project: Project) -> None:
    loop = make_loop(project)
    anna, bert = operator("anna"), operator("bert")
    seen_by_bert = Reader(bert.get(page_of(loop))).inputs

    first = decide(anna, loop, "reject", "not worth it")
    second = decide(bert, loop, "approve", "looks good", **seen_by_bert)

    loop.refresh_from_db()
    assert (first.status_code, second.status_code, loop.state) == (302, 409, "rejected")
    assert "anna chose “reject”" in text(second)
    assert "not worth it" in text(second)
    assert Decision.objects.count() == 1


def test_a_loop_that_changed_meanwhile_is_not_decided_and_the_reason_is_kept_for_the_next_try(
    boss: Client, project: Project
) -> None:
    loop = make_loop(project)
    seen = Reader(boss.get(page_of(loop))).inputs
    lifecycle.apply_trigger(loop, Trigger.OUTDATED, timezone.now())

    answer = decide(boss, loop, "approve", "my long thought", **seen)

    assert answer.status_code == 409
    assert "Changed since you opened it" in text(answer)
    assert "my long thought" in text(answer)
    assert decide(boss, loop, "approve", **Reader(answer).inputs).status_code == 302


def test_the_decision_names_the_packet_that_was_in_sight(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    seen = Reader(boss.get(page_of(loop))).inputs
    newer = make_loop(project, cluster=2).packet
    Loop.objects.filter(pk=loop.pk).update(packet=newer)

    decide(boss, loop, "approve", **seen)

    assert Decision.objects.get().packet_id == loop.packet_id != newer.pk


def test_a_packet_of_another_project_cannot_be_named(
    boss: Client, project: Project, charlie: MintedProject
) -> None:
    loop, other = make_loop(project), make_loop(charlie.project)

    answer = decide(boss, loop, "approve", revision="1", packet=other.packet_id)

    assert answer.status_code == 409
    assert not Decision.objects.exists()


def test_a_reader_sees_everything_and_cannot_decide(project: Project) -> None:
    loop = make_loop(project)
    reader = member("rita", project.tenant, permissions=READ_ONLY)

    page = reader.get(page_of(loop))
    forged = decide(reader, loop, "approve", revision="1")
    bulk = {"action": "reject_selected", "_selected_action": loop.pk, "seen": f"{loop.pk}:1:{loop.packet_id}"}
    reader.post(QUEUE, bulk | {"reason": "forged"})

    loop.refresh_from_db()
    assert "order A-1 does not exist" in text(page)
    assert 'name="verb"' not in text(page)
    assert "Ask an operator for the role" in text(page)
    assert (forged.status_code, loop.state) == (403, "proposed")


def test_whoever_may_decide_may_look(project: Project) -> None:
    loop = make_loop(project)
    approver = member("otto", project.tenant, permissions=["decide_loop"])

    assert approver.get(QUEUE).status_code == 200
    assert decide(approver, loop, "approve").status_code == 302


def test_nobody_adds_changes_or_deletes_loops_and_packets(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    packet = f"/admin/diagnosis/packet/{quote(loop.packet_id)}"

    paths = [f"{QUEUE}add/", f"{QUEUE}{quote(loop.pk)}/delete/", f"{packet}/delete/", f"{packet}/change/"]
    answers = [
        boss.post(path, {"post": "yes"}).status_code for path in [*paths, "/admin/diagnosis/packet/add/"]
    ]

    assert answers == [403] * 5
