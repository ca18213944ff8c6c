"""Who saw no evidence, or only a part of it, cannot approve; and what they typed is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from diagnosis.models import Decision, EvalCandidate, Loop
from telemetry.models import Record
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tenants.stores import pool
from tenants.stores.binding import bind
from tests.diagnosis.console_requests import decide, page_of, text
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.staff_clients import Reader, home, member, operator

APPROVE_BUTTON = 'value="approve"'
WHY = "I looked at every record"


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


@pytest.fixture
def shop(alice: MintedProject, call: Any) -> MintedProject:
    """A project with one loop that waits."""
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    return alice


class Moved:
    """The project's file, away while the block runs."""

    def __init__(self, shop: MintedProject) -> None:
        name = shop.project.project_id
        self.path = next(Path(settings.LOOPKIT_DATA_DIR, "projects").glob(f"{name}.sqlite3"))

    def __enter__(self) -> None:
        pool.close_all()
        self.path.rename(self.path.with_suffix(".away"))

    def __exit__(self, *_: Any) -> None:
        self.path.with_suffix(".away").rename(self.path)


def send_form(boss: Client, verb: str, seen: dict[str, str], **changes: str) -> Any:
    """Send the form that an earlier page offered, with these changes."""
    loop = stored_loop()
    known = {name: seen[name] for name in ("revision", "packet", "content") if name in seen}
    return boss.post(page_of(loop), known | {"verb": verb, "reason": WHY} | changes)


def test_a_page_of_the_time_when_the_file_was_away_does_not_approve_once_it_is_back(
    shop: MintedProject, boss: Client
) -> None:
    with Moved(shop):
        page = boss.get(page_of(stored_loop()))
    seen = Reader(page).inputs

    answer = send_form(boss, "approve", seen)

    assert (page.status_code, seen["content"], APPROVE_BUTTON in text(page)) == (200, "", False)
    assert answer.status_code == 409
    assert "did not show the whole evidence" in text(answer)
    assert WHY in text(answer)
    assert (stored_loop().state, Decision.objects.count()) == ("proposed", 0)


@pytest.mark.parametrize("content", ["", " ", None, "0" * 64, "x"])
def test_a_form_without_the_hash_or_with_another_does_not_approve(
    shop: MintedProject, boss: Client, content: str | None
) -> None:
    seen = Reader(boss.get(page_of(stored_loop()))).inputs
    if content is None:
        del seen["content"]
    else:
        seen["content"] = content

    answer = send_form(boss, "approve", seen)

    assert (answer.status_code, stored_loop().state) == (409, "proposed")
    assert WHY in text(answer)
    assert "Nothing was recorded." in text(answer)


@pytest.mark.parametrize("verb", ["reject", "return"])
def test_a_page_without_evidence_rejects_and_returns_also_while_the_file_is_away(
    shop: MintedProject, boss: Client, verb: str
) -> None:
    with Moved(shop):
        answer = decide(boss, stored_loop(), verb)

    assert answer.status_code == 302


def lose_a_record(shop: MintedProject) -> None:
    """One of the records of the evidence."""
    with bind(shop.project):
        Record.objects.filter(span_id=bytes.fromhex(stored_loop().issue["evidence_ids"][0][-16:])).delete()


def lose_the_eval(shop: MintedProject) -> None:
    """The eval that the issue names."""
    EvalCandidate.objects.all().delete()


def edit_the_issue(shop: MintedProject) -> None:
    """What the page shows, and not the packet's own."""
    Loop.objects.update(issue=stored_loop().issue | {"title": "another"})


@pytest.mark.parametrize("lose", [lose_a_record, lose_the_eval, edit_the_issue])
def test_a_page_that_shows_a_part_offers_no_approval_and_approves_nothing(
    shop: MintedProject, boss: Client, lose: Any
) -> None:
    before = Reader(boss.get(page_of(stored_loop()))).inputs
    lose(shop)

    page = boss.get(page_of(stored_loop()))
    answers = [send_form(boss, "approve", seen) for seen in (Reader(page).inputs, before)]

    assert APPROVE_BUTTON not in text(page)
    assert "nobody can approve" in text(page)
    assert answers[0].status_code == 409
    if lose is not edit_the_issue:  # then the earlier page showed what is decided on
        assert (answers[1].status_code, stored_loop().state) == (409, "proposed")


def test_the_second_of_two_must_have_seen_it_too(shop: MintedProject, boss: Client) -> None:
    tenant = home(shop.project, "acme").tenant
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    olga, paul = (member(name, tenant, permissions=["view_loop", "decide_loop"]) for name in ("olga", "paul"))
    decide(olga, stored_loop(), "approve")
    with Moved(shop):
        seen = Reader(paul.get(page_of(stored_loop()))).inputs

    answer = send_form(paul, "approve", seen)

    assert (answer.status_code, stored_loop().state) == (409, "proposed")
    assert decide(paul, stored_loop(), "approve").status_code == 302
    assert stored_loop().state == "approved"


def test_many_loops_at_once_cannot_be_approved(shop: MintedProject, boss: Client) -> None:
    data = {"action": "approve_selected", "_selected_action": [stored_loop().pk], "reason": "all"}

    boss.post("/admin/diagnosis/loop/", data)

    assert stored_loop().state == "proposed"
