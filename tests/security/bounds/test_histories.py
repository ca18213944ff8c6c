"""However much an agent reports, a loop's rows, pages and answers stay bounded, and lead to all of it page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnosis.evals import results
from diagnosis.handoff.report_order import MOST_OF_A_KIND
from diagnosis.loops import lifecycle
from diagnosis.models import Decision, EvalResult, Loop, LoopEvent, Verification
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.dashboard_client import browser_of
from tests.diagnosis.factory import make_loop
from tests.staff_clients import operator

Call = Callable[..., Any]
NOTE = "x" * 3900


@pytest.fixture
def loop(alice: MintedProject, django_user_model: Any) -> Loop:
    """An approved loop."""
    loop = make_loop(alice.project, state=Loop.State.APPROVED)
    user = django_user_model.objects.create_user("olga")
    Decision.objects.create(
        loop=loop, verb="approve", reason="yes", decided_by=user, decided_at=timezone.now(),
        packet=loop.packet, revision=loop.revision,
    )  # fmt: skip
    return loop


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


def report(call: Call, minted: MintedProject, loop: Loop, **event: Any) -> Any:
    """An agent's report on the loop."""
    return call("POST", f"/v1/loops/{loop.loop_id}/events", minted.keys["agent"], event)


@pytest.mark.parametrize("kind", ["issue_opened", "pr_opened", "merged"])
def test_reports_of_a_kind_are_bounded_and_the_refusal_says_what_to_do(
    alice: MintedProject, call: Call, loop: Loop, kind: str
) -> None:
    url = {"url": "https://x.example/1"}
    if kind == "merged":
        report(call, alice, loop, kind="pr_opened", **url)
    answers = [
        report(call, alice, loop, kind=kind, note=f"{n}{NOTE}", **url) for n in range(MOST_OF_A_KIND + 5)
    ]

    assert [answer.status_code for answer in answers] == [201] * MOST_OF_A_KIND + [409] * 5
    assert answers[-1].json()["error"]["code"] == "too_many_reports"
    assert loop.loop_id in answers[-1].json()["error"]["hint"]
    assert loop.events.filter(kind=kind).count() == MOST_OF_A_KIND


def test_the_same_report_sent_again_changes_nothing(alice: MintedProject, call: Call, loop: Loop) -> None:
    answers = [report(call, alice, loop, kind="pr_opened", url="https://x.example/1") for _ in range(50)]

    loop.refresh_from_db()
    assert {answer.status_code for answer in answers} == {201}
    assert loop.events.filter(kind="pr_opened").count() == 1
    assert loop.revision == 2


def test_a_new_decision_makes_room_for_reports(alice: MintedProject, call: Call, loop: Loop) -> None:
    for number in range(MOST_OF_A_KIND):
        report(call, alice, loop, kind="issue_opened", note=str(number))
    assert report(call, alice, loop, kind="issue_opened", note="one more").status_code == 409

    lifecycle.append_event(loop, LoopEvent.Kind.DECIDED, "olga", timezone.now(), verb="approve")

    assert report(call, alice, loop, kind="issue_opened", note="one more").status_code == 201


def test_results_of_an_eval_are_bounded(
    alice: MintedProject, call: Call, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "MOST_RESULTS", 10)
    for number in range(30):
        body = {"eval_id": loop.issue["eval_candidate"], "passed": False, "detail": f"{number}{NOTE}"}
        assert call("POST", "/v1/evals", alice.keys["agent"], body).status_code == 201

    kept = EvalResult.objects.values_list("detail", flat=True)
    assert [int(detail.rstrip("x")) for detail in kept] == list(range(29, 19, -1))


def test_every_page_of_a_loop_with_a_long_history_is_short_and_leads_to_the_rest(
    alice: MintedProject, call: Call, loop: Loop, boss: Client
) -> None:
    now = timezone.now()
    LoopEvent.objects.bulk_create(
        LoopEvent(loop=loop, kind="merged", actor=f"key_{n}", detail={"note": f"{n} {NOTE}"}, created_at=now)
        for n in range(400)
    )
    Verification.objects.bulk_create(
        Verification(loop=loop, verdict="inconclusive", document={"number": n, "text": NOTE}, created_at=now)
        for n in range(300)
    )
    path = f"/v1/loops/{loop.loop_id}"
    answer = call("GET", path, alice.keys["agent"])
    pages = [
        boss.get(f"/admin/diagnosis/loop/{loop.loop_id}/change/"),
        browser_of(alice).get(f"/dashboard/issues/{loop.cluster_id}"),
    ]

    assert len(answer.content) < 1_000_000
    assert [len(page.content) < 1_000_000 for page in pages] == [True, True]
    assert all(b"events_before=" in page.content for page in pages)
    assert (answer.json()["events_total"], answer.json()["verifications_total"]) == (401, 300)
    assert walked(call, alice, path, "events") == 401
    assert walked(call, alice, path, "verifications") == 300


def walked(call: Call, minted: MintedProject, path: str, name: str) -> int:
    """The number of different rows on all pages of that list."""
    rows, query = [], "?limit=90"
    while True:
        document = call("GET", path + query, minted.keys["agent"]).json()
        assert len(document[name]) <= 90
        rows += [str(row) for row in document[name]]
        if document[f"{name}_before"] is None:
            return len(set(rows))
        query = f"?limit=90&{name}_before={document[f'{name}_before']}"


@pytest.mark.parametrize("text", ["0", "-1", "x", "٣", "1e3", "9" * 400, ""])
def test_a_number_that_is_none_is_no_page(loop: Loop, boss: Client, text: str) -> None:
    page = boss.get(f"/admin/diagnosis/loop/{loop.loop_id}/change/", {"events_before": text})

    assert page.status_code == 200
