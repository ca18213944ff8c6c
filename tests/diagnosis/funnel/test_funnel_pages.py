"""The funnel over HTTP, on the dashboard and in the admin: own loops only, whatever the URL names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnosis.loops import lifecycle
from diagnosis.loops.states import Trigger
from diagnosis.models import Loop, LoopEvent, Notice, Verification
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide, text
from tests.diagnosis.dashboard_client import browser_of, diagnose, send
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, home, member

PAGE = "/admin/funnel/"
NOW = timezone.now()
DAY = timedelta(days=1)


def propose(minted: MintedProject, at: datetime, cluster: int = 1) -> Loop:
    """A loop that was proposed then, a day after its failure was first seen."""
    return make_loop(minted.project, cluster=cluster, now=at, first_seen=(at - DAY).isoformat())


def fix(loop: Loop) -> None:
    """It shipped now, and held."""
    loop.refresh_from_db()
    lifecycle.apply_trigger(loop, Trigger.SHIPPED, timezone.now())
    lifecycle.apply_trigger(loop, Trigger.VERDICT_HELD, timezone.now())
    lifecycle.append_event(loop, LoopEvent.Kind.SHIPPED, "key_1", timezone.now(), release="2")
    Verification.objects.create(loop=loop, verdict="held", document={}, created_at=timezone.now())


def stages(answer: Any) -> dict[str, dict[str, Any]]:
    """The stages by name."""
    return {stage["stage"]: stage for stage in answer.json()["stages"]}


def test_an_agent_reads_the_funnel_of_its_project(
    alice: MintedProject, boss: Client, call: Callable[..., Any]
) -> None:
    waiting, fixed = propose(alice, NOW - 2 * DAY), propose(alice, NOW - 4 * DAY, cluster=2)
    decide(boss, fixed, "approve")
    fix(fixed)

    answer = call("GET", "/v1/funnel?since_minutes=10080", alice.keys["agent"])

    found, body = stages(answer), answer.json()
    assert (found["proposed"]["now"], found["proposed"]["reached"]) == (1, 2)
    assert found["proposed"]["from_first_seen_seconds"] == pytest.approx(86_400, abs=5)
    assert found["decided"]["from_stage_before_seconds"] == pytest.approx(
        4 * 86_400, abs=3_600
    )  # NOW is when the tests began
    assert found["verified"]["reached"] == body["verified"] == 1
    assert body["waiting"]["days"] == pytest.approx(6, abs=0.1)
    assert body["waiting"]["failures"] == pytest.approx(6 * waiting.failures_seen, rel=0.01)
    assert body["window"]["since_minutes"] == 10080


@pytest.mark.parametrize(
    ("waiting", "decided", "unsolved", "said"),
    [
        (
            2,
            ["approve"],
            1,
            "<strong>2</strong> loops wait for approval, <strong>1</strong> fix that shipped waits",
        ),
        (1, ["approve", "reject", "return"], 0, "<strong>1</strong> loop waits for approval<"),
        (0, ["reject"], 2, "<strong>2</strong> fixes that shipped wait for a decision"),
        (0, ["approve"], 0, "No loop waits for a decision"),
    ],
)
def test_the_front_page_counts_what_waits_as_the_funnel_does(
    alice: MintedProject, boss: Client, waiting: int, decided: list[str], unsolved: int, said: str
) -> None:
    loops = [
        propose(alice, NOW - DAY, cluster) for cluster in range(1, 1 + waiting + len(decided) + unsolved)
    ]
    for verb, loop in zip(decided, loops[waiting:], strict=False):
        decide(boss, loop, verb)
    for loop in loops[waiting + len(decided) :]:
        decide(boss, loop, "approve")
        Loop.objects.filter(pk=loop.pk).update(state="inconclusive", verdict="unchanged")

    page, funnel = text(boss.get("/admin/")), boss.get(PAGE).context["funnel"]

    assert said in page
    assert funnel.waiting.now == waiting
    assert boss.get("/admin/diagnosis/loop/").context["cl"].result_count == waiting + unsolved


def test_the_funnel_says_what_it_takes_to_be_decided(alice: MintedProject, boss: Client) -> None:
    decide(boss, propose(alice, NOW - DAY), "return")

    page = boss.get(PAGE)

    assert "decided (approved or rejected)" in text(page)
    assert page.context["funnel"].stages[1].reached == 0
    assert [told.kind for told in Notice.objects.order_by("pk")] == ["new", "decided"]


def test_the_first_of_two_approvals_decides_nothing(
    alice: MintedProject, boss: Client, call: Callable[..., Any]
) -> None:
    loop = propose(alice, NOW - DAY)
    decide(boss, loop, "approve")
    loop.decisions.update(is_first=True)

    assert stages(call("GET", "/v1/funnel", alice.keys["agent"]))["decided"]["reached"] == 0


def test_a_parameter_that_it_does_not_know_is_refused(alice: MintedProject, call: Callable[..., Any]) -> None:
    answer = call("GET", "/v1/funnel?since=1", alice.keys["agent"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_parameter")


def test_the_projects_page_shows_its_funnel(alice: MintedProject, charlie: MintedProject) -> None:
    without = text(browser_of(charlie).get("/dashboard"))
    send(alice)
    diagnose(alice)

    page = text(browser_of(alice).get("/dashboard"))

    assert "Funnel, 30 days" in page
    assert "Funnel, 30 days" not in without
    assert "an estimate, as if each failure went on as it was seen" in page


def test_the_admin_shows_the_funnel_of_all_of_a_tenant_and_of_a_project(
    boss: Client, alice: MintedProject, charlie: MintedProject
) -> None:
    home(alice.project, "acme")
    home(charlie.project, "globex")
    propose(alice, NOW - 3 * DAY)
    propose(charlie, NOW - DAY)

    for query, parts, now in (
        ({}, ["acme inc", "globex inc"], 2),
        ({"tenant": "acme"}, [alice.project.pk], 1),
        ({"project": charlie.project.pk}, [], 1),
        ({"since_minutes": "nonsense"}, ["acme inc", "globex inc"], 2),
    ):
        page = boss.get(PAGE, query)
        assert [part.name for part in page.context["parts"]] == parts
        assert page.context["funnel"].stages[0].now == now
        assert Reader(page).forbidden == []


def test_a_member_sees_own_loops_only_whatever_the_url_names(
    alice: MintedProject, charlie: MintedProject
) -> None:
    home(alice.project, "acme")
    home(charlie.project, "globex")
    propose(charlie, NOW - DAY)
    anna = member("anna", alice.project.tenant)

    pages = [anna.get(PAGE, query) for query in ({}, {"tenant": "globex"}, {"project": charlie.project.pk})]

    assert [page.context["funnel"].stages[0].now for page in pages] == [0, 0, 0]
    assert "globex" not in "".join(text(page).replace('"?tenant=globex', "") for page in pages)
    assert charlie.project.pk not in text(pages[0])


def test_people_who_may_not_see_loops_may_not_see_the_funnel(alice: MintedProject) -> None:
    rita = member("rita", alice.project.tenant, permissions=["view_project"])

    assert rita.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert rita.get("/admin/").content.count(b"/admin/funnel/") == 0


def test_more_loops_cost_the_funnel_no_more_queries_and_no_document(
    boss: Client, alice: MintedProject
) -> None:
    propose(alice, NOW - DAY)
    few = queries(boss)
    for cluster in range(2, 6):
        propose(alice, NOW - DAY, cluster)

    assert queries(boss) == few


def queries(client: Client) -> int:
    """How many statements the page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(PAGE).status_code == 200
    assert not [query for query in captured.captured_queries if '"diagnosis_loop"."issue"' in query["sql"]]
    return len(captured)
