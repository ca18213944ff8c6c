"""The queue's filters: all in the URL, own rows only, narrow rows, and back to the same list after a decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnosis.console.loop_page import LoopAdmin
from diagnosis.models import Loop, Severity
from loopkit.http.untrusted import WARNING
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tests.diagnosis.console_requests import QUEUE, bulk, confirm, decide, page_of, text
from tests.diagnosis.dashboard_client import ESCAPED, HOSTILE
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, home, member

NOW = timezone.now()


def make_two(alice: MintedProject, charlie: MintedProject) -> None:
    """A loop in each of two tenants that differ in everything."""
    home(alice.project, "acme")
    home(charlie.project, "globex")
    make_loop(alice.project, title="first", severity=Severity.CRITICAL, now=NOW - timedelta(days=8))
    make_loop(charlie.project, title="second", severity=Severity.LOW, signal_type="latency", now=NOW)


def titles(client: Client, **query: Any) -> list[str]:
    """What the list shows, in its order."""
    answer = client.get(QUEUE, query)
    return [loop.title for loop in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ["first", "second"]),
        ({"tenant": "globex"}, ["second"]),
        ({"severity": "critical"}, ["first"]),
        ({"severity": "harmless"}, []),
        ({"signal": "latency"}, ["second"]),
        ({"days": "7"}, ["first"]),
        ({"days": "30"}, []),
        ({"days": "x"}, []),
        ({"state": "held"}, []),
        ({"q": "second"}, ["second"]),
        ({"tenant": "", "severity": "", "q": "", "sort": ""}, ["first", "second"]),
        ({"sort": "waiting"}, ["first", "second"]),
        ({"sort": "seen", "tenant": "acme", "signal": "tool_call_failed"}, ["first"]),
        ({"sort": "nonsense"}, ["first", "second"]),
    ],
)
def test_each_choice_is_a_parameter(
    boss: Client, alice: MintedProject, charlie: MintedProject, query: dict[str, str], shown: list[str]
) -> None:
    make_two(alice, charlie)

    assert titles(boss, **query) == shown


def test_a_page_that_decisions_emptied_leads_to_the_first(
    boss: Client, alice: MintedProject, charlie: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_two(alice, charlie)
    monkeypatch.setattr(LoopAdmin, "list_per_page", 1)

    assert titles(boss, p="2") == ["second"]
    assert titles(boss, p="3") == ["first"]


def test_a_project_is_chosen_by_its_id(boss: Client, alice: MintedProject, charlie: MintedProject) -> None:
    make_two(alice, charlie)

    assert titles(boss, project=charlie.project.pk) == ["second"]
    assert f'value="{alice.project.pk}"' not in text(boss.get(QUEUE, {"tenant": "globex"}))


def test_a_strangers_tenant_or_project_in_the_url_lists_nothing(
    alice: MintedProject, charlie: MintedProject
) -> None:
    make_two(alice, charlie)
    anna = member("anna", alice.project.tenant)

    for query in ({"tenant": "globex"}, {"project": charlie.project.pk}):
        page = text(anna.get(QUEUE, query))
        assert "second" not in page
        assert "globex inc" not in page


def test_the_page_says_how_it_is_sorted_and_where_it_lies(boss: Client, alice: MintedProject) -> None:
    make_loop(alice.project)

    page = text(boss.get(QUEUE, {"severity": "high", "sort": "waiting", "tenant": "", "q": "order A-1"}))

    assert "because that is what waiting costs" in page
    assert 'href="?q=order+A-1&amp;severity=high&amp;sort=waiting"' in page
    assert "37 failures, 9 users" in page


def test_a_decision_leads_back_to_the_filtered_list(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project)
    listed = Reader(boss.get(QUEUE, {"severity": "high", "sort": "waiting"}))
    link = next(link for link in listed.links if quote(loop.pk) in link)
    form = Reader(boss.get(link))

    answer = boss.post(
        link,
        {name: form.inputs[name] for name in ("revision", "packet", "content")}
        | {"verb": "approve", "reason": "yes"},
    )

    assert answer.headers["Location"] == f"{QUEUE}?severity=high&sort=waiting"
    assert f"{QUEUE}?severity=high&sort=waiting" in form.links


def test_a_decision_without_a_list_before_it_leads_to_the_whole_queue(
    boss: Client, alice: MintedProject
) -> None:
    answer = decide(boss, make_loop(alice.project), "reject")

    assert answer.headers["Location"] == QUEUE


def test_a_bulk_decision_leads_back_to_the_filtered_list(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project)
    filtered = f"{QUEUE}?severity=high"
    chosen = {"action": "reject_selected", "_selected_action": [loop.pk]}

    asked = boss.post(filtered, chosen)
    seen = [str(seen) for _, seen in asked.context["loops"]]
    answer = boss.post(filtered, chosen | {"seen": seen, "reason": "noise"})

    assert filtered in Reader(asked).links
    assert answer.headers["Location"] == filtered


def test_another_site_cannot_be_named_as_the_list_to_come_back_to(boss: Client, alice: MintedProject) -> None:
    path = f"{page_of(make_loop(alice.project))}?_changelist_filters=https://evil.example/"
    form = Reader(boss.get(path))

    answer = boss.post(
        path, {"revision": form.inputs["revision"], "packet": "", "verb": "reject", "reason": "no"}
    )

    assert answer.headers["Location"] == QUEUE


def test_words_of_producers_are_text_in_the_queue(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project, title=f"{HOSTILE} https://evil.example/ \u202egnp.exe", operation=HOSTILE)

    answer = boss.get(QUEUE, {"q": HOSTILE})

    reader = Reader(answer)
    assert ESCAPED in text(answer)
    assert WARNING in text(answer)
    assert "⟨U+202E⟩gnp.exe" in text(answer)
    assert "⟨U+202E⟩gnp.exe" in text(bulk(boss, "reject_selected", loop))
    assert reader.forbidden == []
    assert [link for link in reader.links if link.startswith("http")] == []


def test_more_loops_and_projects_cost_no_more_queries(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoopAdmin, "list_per_page", 1)
    make_many(1, 2)
    few = queries(boss)
    make_many(5, 4)

    assert queries(boss) == few


def make_many(projects: int, loops: int) -> list[Project]:
    """Projects with loops."""
    minted = [provisioning.mint_project(f"p{n}", "", NOW, claim=False).project for n in range(projects)]
    for project in minted:
        for cluster in range(loops):
            make_loop(project, cluster=cluster)
    return minted


def queries(client: Client) -> int:
    """How many statements the list takes; none of them may read a document."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(QUEUE).status_code == 200
    assert not [query for query in captured.captured_queries if '"diagnosis_loop"."issue"' in query["sql"]]
    return len(captured)


def test_select_across_decides_what_the_filters_show(
    boss: Client, alice: MintedProject, charlie: MintedProject
) -> None:
    make_two(alice, charlie)
    chosen = {"action": "reject_selected", "_selected_action": Loop.objects.all()[0].pk, "select_across": "1"}

    asked = boss.post(f"{QUEUE}?tenant=globex", chosen)

    assert [loop.title for loop, _ in asked.context["loops"]] == ["second"]


def test_a_bulk_decision_still_works_where_rows_are_narrow(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(alice.project)

    confirm(boss, "return_selected", bulk(boss, "return_selected", loop), "which orders?")

    loop.refresh_from_db()
    assert (loop.state, loop.waiting_since) == ("returned", None)
