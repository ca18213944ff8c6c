"""The form of a decision over HTTP: what it binds to, how a rejection ends, and what a person is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnosis.handoff import reports
from diagnosis.models import Decision, EvalCandidate, Loop, LoopEvent
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Tenant
from tests.diagnosis.console_requests import bulk, confirm, decide, page_of, text
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, operator


@pytest.fixture
def loop(alice: MintedProject) -> Loop:
    """A loop that waits."""
    return make_loop(alice.project)


def test_the_hash_on_the_page_is_kept_in_decision_and_audit_log(boss: Client, loop: Loop) -> None:
    shown = Reader(boss.get(page_of(loop))).inputs["content"]

    decide(boss, loop, "approve")

    assert len(shown) == 64
    assert Decision.objects.get().content_hash == shown
    assert AuditEntry.objects.latest("sequence").detail["content_hash"] == shown
    assert shown in text(boss.get(page_of(loop)))


def test_what_changed_since_it_was_shown_is_not_decided(boss: Client, loop: Loop) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs
    EvalCandidate.objects.update(document={"expectation": "Anything goes."})

    answer = decide(boss, loop, "approve", **seen)

    assert (answer.status_code, Decision.objects.count()) == (409, 0)
    assert "is no longer what the page showed. Nothing was recorded." in text(answer)
    assert decide(boss, loop, "approve", **Reader(answer).inputs).status_code == 302


def test_an_approval_that_no_longer_holds_says_so_on_its_page(boss: Client, loop: Loop) -> None:
    decide(boss, loop, "approve")
    EvalCandidate.objects.all().delete()

    page = text(boss.get(page_of(loop)))

    assert "The approval no longer holds." in page
    assert "The approval by boss no longer holds: the eval is not stored any more." in page


def test_the_agents_answer_stands_beside_the_decision(boss: Client, loop: Loop) -> None:
    decide(boss, loop, "return", "Which region?")
    asked = decision_section(boss, loop)
    reports.record_report(
        Loop.objects.get(), LoopEvent.Kind.ANSWERED, "key_1", timezone.now(), note="eu <b>alone</b>\u202e"
    )

    answered = decision_section(boss, loop)

    assert "The coding agent answered" not in asked
    assert "boss asked</strong>" in answered
    assert "Which region?" in answered
    assert "eu &lt;b&gt;alone&lt;/b&gt;⟨U+202E⟩" in answered


def test_an_answer_to_an_earlier_question_answers_no_new_one(boss: Client, loop: Loop) -> None:
    decide(boss, loop, "return", "Which region?")
    reports.record_report(
        Loop.objects.get(), LoopEvent.Kind.ANSWERED, "key_1", timezone.now(), note="eu alone"
    )
    decide(boss, loop, "return", "Since when?")

    assert "eu alone" not in decision_section(boss, loop)


def decision_section(browser: Client, loop: Loop) -> str:
    """The part of the loop's page in which a person decides."""
    return text(browser.get(page_of(loop))).split('<h2 id="decide">')[1].split("</section>")[0]


@pytest.mark.parametrize(
    ("fields", "times"),
    [({}, 3), ({"times": ""}, 3), ({"times": "10"}, 10), ({"times": "10", "for_good": "on"}, None)],
)
def test_a_rejection_holds_until_it_grows_three_times_unless_the_person_says_more(
    boss: Client, loop: Loop, fields: dict[str, str], times: int | None
) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs

    boss.post(page_of(loop), seen | {"times": ""} | fields | {"verb": "reject", "reason": "No."})

    assert Decision.objects.get().times == times


@pytest.mark.parametrize("times", ["1", "0", "-3", "101", "many"])
def test_it_cannot_be_asked_to_grow_less_than_twice_or_beyond_all_bounds(
    boss: Client, loop: Loop, times: str
) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs

    answer = boss.post(page_of(loop), seen | {"verb": "reject", "reason": "No.", "times": times})

    assert "Nothing was decided" in text(answer)
    assert not Decision.objects.exists()


def test_an_approval_ends_with_nothing_that_grows(boss: Client, loop: Loop) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs

    boss.post(page_of(loop), seen | {"verb": "approve", "reason": "Yes.", "times": "3"})

    assert Decision.objects.get().times is None


def test_many_are_rejected_until_they_grow(boss: Client, alice: MintedProject) -> None:
    asked = bulk(boss, "reject_selected", *(make_loop(alice.project, cluster=n) for n in range(2)))
    confirm(boss, "reject_selected", asked, "Noise.")

    assert 'name="times"' in text(asked)
    assert list(Decision.objects.values_list("times", flat=True)) == [3, 3]


def test_many_are_returned_without_that_question(boss: Client, loop: Loop) -> None:
    asked = bulk(boss, "return_selected", loop)
    confirm(boss, "return_selected", asked, "Why?")

    assert 'name="times"' not in text(asked)
    assert Decision.objects.get().times is None


def test_there_is_no_bulk_approval(boss: Client, loop: Loop) -> None:
    answer = boss.post("/admin/diagnosis/loop/", {"action": "approve_selected", "_selected_action": loop.pk})

    assert (answer.status_code, Loop.objects.get().state) == (302, "proposed")
    assert "approve" not in text(boss.get("/admin/diagnosis/loop/")).partition("</select>")[0]


def test_who_gave_the_first_approval_is_not_offered_the_second(boss: Client, loop: Loop) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    decide(boss, loop, "approve", "Fix it.")

    own, others = text(boss.get(page_of(loop))), text(operator("paul").get(page_of(loop)))

    assert 'value="approve"' not in own
    assert "You gave the first approval." in own
    assert 'value="approve"' in others
    assert "One of two approvals" in others


def test_the_second_of_two_first_approvals_is_told_of_the_other(loop: Loop) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    anna, bert = operator("anna"), operator("bert")
    seen = Reader(bert.get(page_of(loop))).inputs

    decide(anna, loop, "approve", "Fix it.")
    answer = decide(bert, loop, "approve", "Me too.", **seen)

    assert answer.status_code == 409
    assert "The first of two approvals came from anna meanwhile." in text(answer)
    assert decide(bert, loop, "approve", "Me too.").status_code == 302
    assert Loop.objects.get().state == "approved"


def test_while_the_store_is_away_nobody_approves_and_anybody_returns(
    boss: Client, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OSError("away")

    monkeypatch.setattr("diagnosis.loops.content_hash.digested_records", away)

    page = text(boss.get(page_of(loop)))
    approved, returned = decide(boss, loop, "approve"), decide(boss, loop, "return")

    assert "nobody can approve" in page
    assert (approved.status_code, returned.status_code) == (409, 302)
    assert Decision.objects.get().content_hash == ""
