"""From every state a person has a way on, in the admin: decisions by state, a shipment put right, and the queue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.handoff import reports
from diagnosis.loops import next_action
from diagnosis.loops.states import NEXT_STATES, State, Trigger
from diagnosis.models import Decision, Loop, LoopEvent
from tenants.models import AuditEntry, Project, Tenant
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import QUEUE, decide, page_of, text
from tests.diagnosis.factory import make_loop
from tests.staff_clients import Reader, home, member, operator

LASTING = ["withdraw", "give_up", "reopen"]


@pytest.fixture
def loop(project: Project) -> Loop:
    """A loop in a tenant of its own that was approved."""
    home(project, "acme")
    loop = make_loop(project)
    approve_seen(loop, User.objects.create_superuser("olga"), "Yes.", timezone.now() - timedelta(hours=2))
    return loop


def stored(loop: Loop) -> Loop:
    """The loop as it is stored now."""
    return Loop.objects.select_related("project__tenant").get(pk=loop.pk)


def in_state(loop: Loop, state: str, verdict: str = "") -> Loop:
    """The loop, set to this state."""
    Loop.objects.filter(pk=loop.pk).update(state=state, verdict=verdict)
    return stored(loop)


@pytest.mark.parametrize("verb", LASTING)
@pytest.mark.parametrize("state", State)
def test_a_decision_is_offered_and_taken_if_and_only_if_the_table_has_it(
    boss: Client, loop: Loop, state: State, verb: str
) -> None:
    after = NEXT_STATES.get((state, Trigger(verb)))
    in_state(loop, state)

    offered = f'value="{verb}"' in text(boss.get(page_of(loop)))
    answer = decide(boss, loop, verb, "Because.", revision=str(stored(loop).revision))

    assert offered == (after is not None)
    assert answer.status_code == (409 if after is None else 302)
    assert stored(loop).state == (after or state)
    decision = Decision.objects.filter(verb=verb).first()
    assert (decision is not None) == (after is not None)
    if decision:
        entry = AuditEntry.objects.get(sequence=decision.audit_sequence)
        assert (entry.detail["verb"], entry.detail["state"]) == (verb, {"before": state, "after": after})


@pytest.mark.parametrize("verb", LASTING)
def test_somebody_who_may_not_decide_cannot(loop: Loop, verb: str) -> None:
    viewer = member("vera", Tenant.objects.get(pk="acme"), permissions=["view_loop"])

    answer = viewer.post(page_of(loop), {"verb": verb, "reason": "Mine.", "revision": "2"})

    assert (answer.status_code, stored(loop).state) == (403, "approved")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("The wrong file.", "The wrong file."),
        ("the wrong file", "the wrong file."),
        ("Which file?", "Which file?"),
    ],
)
def test_an_approval_that_is_taken_back_waits_again_and_says_why(
    boss: Client, loop: Loop, reason: str, said: str
) -> None:
    decide(boss, loop, "withdraw", reason)

    now = stored(loop)
    assert now.again == f"boss took the approval back because: {said}"
    assert next_action.for_loop(now).startswith(f"{now.again} Wait: ")
    assert (now.state, now.waiting_since is not None) == ("proposed", True)


@pytest.mark.parametrize("times", ["4", ""])
def test_a_fix_that_is_given_up_comes_back_when_it_grows(boss: Client, loop: Loop, times: str) -> None:
    in_state(loop, State.INCONCLUSIVE, "unchanged")
    seen = Reader(boss.get(page_of(loop))).inputs["revision"]

    sent = {"verb": "give_up", "reason": "Too dear.", "revision": seen, "times": times}
    boss.post(page_of(loop), sent if times else sent | {"for_good": "on"})

    [decision] = Decision.objects.filter(verb="give_up")
    assert (stored(loop).state, decision.times) == ("rejected", int(times) if times else None)


def test_reports_of_an_agent_keep_nobody_from_taking_an_approval_back(boss: Client, loop: Loop) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs
    reports.record_report(stored(loop), LoopEvent.Kind.ISSUE_OPENED, "key", timezone.now())

    answer = decide(boss, loop, "withdraw", "No.", **seen)

    assert (answer.status_code, stored(loop).state) == (302, "proposed")


def test_of_two_people_who_end_an_approval_the_second_is_told(boss: Client, loop: Loop) -> None:
    seen = Reader(boss.get(page_of(loop))).inputs
    decide(operator("paul"), loop, "give_up", "Enough.", **seen)

    answer = decide(boss, loop, "withdraw", "No.", **seen)

    assert answer.status_code == 409
    assert "paul chose “give up”" in text(answer)


@pytest.mark.parametrize("state", ["proposed", "rejected"])
def test_two_people_approve_again_what_was_taken_back_or_reopened(
    boss: Client, loop: Loop, state: str
) -> None:
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    decide(boss, loop, "withdraw" if state == "proposed" else "give_up", "No.")
    if state == "rejected":
        decide(boss, loop, "reopen", "Yes.")

    decide(boss, loop, "approve", "One.")
    first = stored(loop).state
    decide(operator("paul"), loop, "approve", "Two.")

    assert (first, stored(loop).state) == ("proposed", "approved")


@pytest.mark.parametrize(
    ("state", "verdict", "listed"),
    [
        ("inconclusive", "unchanged", True), ("inconclusive", "improved", True),
        ("inconclusive", "inconclusive", False), ("shipped", "", False), ("held", "held", False),
        ("proposed", "", True),
    ],
)  # fmt: skip
def test_the_queue_shows_what_waits_for_a_decision(
    boss: Client, loop: Loop, state: str, verdict: str, listed: bool
) -> None:
    in_state(loop, state, verdict)

    assert (loop.pk in text(boss.get(QUEUE))) == listed


def ship(loop: Loop, at: datetime, release: str = "v9") -> Loop:
    """The loop once its fix shipped."""
    reports.record_report(
        stored(loop), LoopEvent.Kind.SHIPPED, "key_1", timezone.now(), shipped_at=at, release=release
    )
    return stored(loop)


@pytest.fixture
def shipped(loop: Loop) -> Loop:
    """The loop, whose fix was reported with another time and release than it has."""
    packet = loop.packet
    packet.document["window"] = {"start": "2025-06-01T00:00:00Z", "end": "2025-06-02T12:00:00Z"}
    packet.save()
    return ship(loop, timezone.now() - timedelta(minutes=5))


def put_right(client: Client, loop: Loop, **fields: str) -> Any:
    """Send the form of the page."""
    return client.post(reverse("admin-shipment", args=[loop.pk]), {"reason": "A typo."} | fields)


def in_form(at: datetime) -> str:
    """The time as the form takes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def test_a_person_puts_a_shipment_right(boss: Client, shipped: Loop) -> None:
    in_state(shipped, State.INCONCLUSIVE, "unchanged")
    at = (timezone.now() - timedelta(minutes=30)).replace(microsecond=0)
    link = reverse("admin-shipment", args=[shipped.pk])
    linked = link in text(boss.get(page_of(shipped)))

    answer = put_right(boss, shipped, shipped_at=in_form(at), release="9.0.0")

    now = stored(shipped)
    entry = AuditEntry.objects.first()
    assert entry is not None
    assert (linked, answer.status_code) == (True, 302)
    assert (now.state, now.verdict, now.release, now.shipped_at) == ("shipped", "", "9.0.0", at)
    assert (entry.event, entry.actor, entry.detail["reason"]) == ("changed", "user:boss", "A typo.")
    assert entry.detail["shipment"]["after"]["release"] == "9.0.0"
    assert [fix["release"] for fix in fixes_of(now)] == ["9.0.0"]


def fixes_of(loop: Loop) -> list[dict[str, Any]]:
    """The loop's fixes as answers show them."""
    from diagnosis.loops.fixes import shipped_fixes

    return [fix.shown() for fix in shipped_fixes(loop)]


@pytest.mark.parametrize(("hours", "reason"), [(3, "lies before the approval"), (-3, "lies in the future")])
def test_a_time_that_cannot_be_is_refused_in_the_form(
    boss: Client, shipped: Loop, hours: int, reason: str
) -> None:
    before = shipped.shipped_at

    answer = put_right(boss, shipped, shipped_at=in_form(timezone.now() - timedelta(hours=hours)))

    assert reason in text(answer)
    assert stored(shipped).shipped_at == before


@pytest.mark.parametrize("state", ["held", "regressed", "proposed", "rejected"])
def test_once_a_verdict_stands_or_a_human_decided_nobody_puts_it_right(
    boss: Client, shipped: Loop, state: str
) -> None:
    in_state(shipped, state)

    answer = put_right(boss, shipped, shipped_at=in_form(timezone.now()), release="other")

    assert (answer.status_code, stored(shipped).release) == (409, "v9")


def test_a_reason_is_needed_and_only_who_may_decide_puts_it_right(boss: Client, shipped: Loop) -> None:
    viewer = member("vera", Tenant.objects.get(pk="acme"), permissions=["view_loop"])
    stranger = member("zoe", Tenant.objects.create(tenant_id="other", name="other"))
    at = in_form(timezone.now())

    answers = [put_right(client, shipped, shipped_at=at, release="x") for client in (viewer, stranger)]
    without = put_right(boss, shipped, shipped_at=at, release="x", reason="")

    assert [answer.status_code for answer in answers] == [403, 404]
    assert "Say why" in text(without)
    assert stored(shipped).release == "v9"


def test_the_page_shows_each_fix_with_its_own_counts(boss: Client, shipped: Loop) -> None:
    in_state(shipped, State.INCONCLUSIVE, "improved")
    ship(shipped, timezone.now(), "v10")

    page = text(boss.get(page_of(shipped)))
    fixes = page[page.index("Attempt 1") :]  # what stands above has tokens of random letters

    assert fixes.index("v9") < fixes.index("Attempt 2") < fixes.index("v10")


def test_a_form_that_is_sent_unchanged_puts_nothing_right(boss: Client, shipped: Loop) -> None:
    events = shipped.events.count()

    page = put_right(
        boss, shipped, shipped_at=f"{shipped.shipped_at:%Y-%m-%d %H:%M:%S}", release=shipped.release
    )

    assert page.status_code == 200
    assert "nothing was changed" in page.content.decode()
    assert shipped.events.count() == events
