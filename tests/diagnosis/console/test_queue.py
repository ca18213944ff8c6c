"""The approval queue over HTTP: its order, its filters, one reason for many loops."""

from __future__ import annotations

import pytest
from django.test import Client

from diagnosis.handoff import reports
from diagnosis.models import Decision, Loop, LoopEvent, Severity
from tenants.models import Project
from tests.diagnosis.console_requests import QUEUE, bulk, confirm, decide, text
from tests.diagnosis.factory import NOW, make_loop
from tests.staff_clients import member, operator


def test_the_queue_shows_what_waits_worst_first(boss: Client, project: Project) -> None:
    make_loop(project, cluster=1, severity=Severity.LOW, title="low one")
    make_loop(project, cluster=2, severity=Severity.CRITICAL, title="crash")
    make_loop(project, cluster=3, severity=Severity.LOW, title="it is back", state="regressed")
    make_loop(project, cluster=4, severity=Severity.CRITICAL, title="settled", state="approved")

    page = text(boss.get(QUEUE))

    places = [page.index(title) for title in ("it is back", "crash", "low one")]
    assert places == sorted(places)
    assert "settled" not in page


@pytest.mark.parametrize(("chosen", "shown"), [("all", {"first", "second"}), ("approved", {"second"})])
def test_other_states_are_shown_on_demand(
    boss: Client, project: Project, chosen: str, shown: set[str]
) -> None:
    make_loop(project, cluster=1, title="first")
    make_loop(project, cluster=2, title="second", state="approved")

    page = text(boss.get(QUEUE, {"state": chosen}))

    assert {title for title in ("first", "second") if f">{title}<" in page} == shown


def test_a_loop_waits_since_the_agent_answered(boss: Client, project: Project) -> None:
    loop = make_loop(project)
    decide(boss, loop, "return", "which orders?")
    loop.refresh_from_db()
    while_returned = loop.waiting_since
    reports.record_report(
        loop, LoopEvent.Kind.ANSWERED, "key_1", NOW.replace(month=7, day=9), note="all of May"
    )

    page = text(boss.get(QUEUE))

    assert while_returned is None
    assert "9 Jul 2025, 12:00 UTC" in page


@pytest.mark.parametrize(
    ("action", "state"), [("reject_selected", "rejected"), ("return_selected", "returned")]
)
def test_many_loops_are_decided_with_one_reason(
    boss: Client, project: Project, action: str, state: str
) -> None:
    chosen = [make_loop(project, cluster=number) for number in (1, 2, 3)]

    asked = bulk(boss, action, *chosen[:2])
    undecided = Decision.objects.count()
    page = text(confirm(boss, action, asked, "all the same"))

    assert undecided == 0
    assert "decided 2 of 2 loops" in page
    assert sorted(Loop.objects.values_list("state", flat=True)) == sorted([state, state, "proposed"])


def test_a_bulk_decision_without_a_reason_asks_again(boss: Client, project: Project) -> None:
    asked = bulk(boss, "reject_selected", make_loop(project))

    page = text(confirm(boss, "reject_selected", asked, ""))

    assert "Say why" in page
    assert not Decision.objects.exists()


def test_a_bulk_decision_says_which_loops_others_decided_before(project: Project) -> None:
    anna, bert = operator("anna"), operator("bert")
    first, second = make_loop(project, cluster=1), make_loop(project, cluster=2)
    asked = bulk(bert, "reject_selected", first, second)
    decide(anna, first, "approve")

    page = text(confirm(bert, "reject_selected", asked, "noise"))

    first.refresh_from_db()
    assert first.state == "approved"
    assert "decided 1 of 2 loops" in page
    assert f"Already decided: {first.pk}. anna chose “approve”" in page


def test_there_is_no_bulk_approval(boss: Client, project: Project) -> None:
    make_loop(project)

    page = text(boss.get(QUEUE))

    assert 'value="reject_selected"' in page
    assert "approve_selected" not in page


def test_the_front_page_leads_to_what_waits(boss: Client, project: Project) -> None:
    make_loop(project, cluster=1)
    make_loop(project, cluster=2, state="approved")
    make_loop(project, cluster=3, state="regressed")

    page = text(boss.get("/admin/"))

    assert "<strong>2</strong> loops wait for approval<" in page
    assert "<strong>1</strong> of them regressed" in page
    assert f'href="{QUEUE}"' in page


def test_people_who_may_not_see_loops_are_not_told_of_them(project: Project) -> None:
    make_loop(project)

    page = text(member("rita", project.tenant, permissions=["view_project"]).get("/admin/"))

    assert "lk-waiting" not in page
