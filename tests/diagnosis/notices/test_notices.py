"""Each change of a loop's state is told once, in the transaction of the change; nothing else is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from diagnosis.loops import approval, lifecycle
from diagnosis.models import Loop, LoopEvent, Notice
from diagnosis.notices import notice_rows
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.factory import NOW, make_issue, make_loop
from tests.telemetry.factory import minutes, span, store

Kind = LoopEvent.Kind


def kinds(loop: Loop) -> list[str]:
    """What was told of the loop, the oldest first."""
    return list(Notice.objects.filter(loop=loop).order_by("pk").values_list("kind", flat=True))


def verdict(loop: Loop, said: str, now: datetime = NOW) -> None:
    """Write down a look with that verdict."""
    lifecycle.append_event(loop, Kind.VERIFIED, "loopkit", now, verdict=said, reason="because")


def seen_as(loop: Loop, trend: str, now: datetime) -> None:
    """A newer packet with this loop's issue."""
    shown = make_issue(trend=trend)
    rising = [loop] if notice_rows.begins_to_rise(loop, shown) else []
    loop.issue = shown
    loop.save()
    notice_rows.tell_rising(rising, now)


def test_a_diagnosis_tells_of_a_new_loop_once(alice: MintedProject, call: Callable[..., Any]) -> None:
    now = timezone.now()
    store(alice.project, [span("charge card", at=now - minutes(5), error="declined")], now)

    for _ in range(3):
        assert call("POST", "/v1/runs/diagnose", alice.keys["agent"]).status_code == 200

    [told] = Notice.objects.all()
    assert (told.kind, told.project_id, told.state) == ("new", alice.project.project_id, "proposed")
    assert told.text == "A new kind of failure waits for a decision: 1 failure."


def test_a_decision_is_told_without_its_reason(alice: MintedProject) -> None:
    loop = make_loop(alice.project)

    approve_seen(loop, User.objects.create_superuser("olga"), "Our secret plan.", NOW)

    assert kinds(loop) == ["new", "decided"]
    told = Notice.objects.first()
    assert told is not None
    assert told.text == "olga chose “approve”. The loop is approved now."


def test_a_decision_that_fails_tells_nothing(alice: MintedProject) -> None:
    loop = make_loop(alice.project)

    Loop.objects.update(revision=9)

    with pytest.raises(approval.AlreadyDecided):
        approve_seen(loop, User.objects.create_superuser("olga"), "Yes.", NOW)

    assert kinds(loop) == ["new"]


def test_looking_again_with_the_same_verdict_tells_nothing(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state="shipped")
    loop.shipped_at = NOW

    for said in ("no_traffic", "inconclusive", "inconclusive", "held", "held", "no_traffic"):
        verdict(loop, said)

    texts = Notice.objects.filter(kind="verified").order_by("pk").values_list("text", flat=True)
    assert list(texts) == ["Whether the fix held cannot be said yet.", "The fix held."]


def test_a_second_fix_may_hold_too(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state="shipped")

    for shipped_at in (NOW, NOW + timedelta(days=7)):
        loop.shipped_at = shipped_at
        verdict(loop, "held")
        lifecycle.append_event(loop, Kind.REGRESSED, "loopkit", shipped_at, verdict="regressed")

    assert kinds(loop) == ["new", "verified", "regressed", "verified", "regressed"]


def test_what_the_agent_reports_is_not_told(alice: MintedProject) -> None:
    loop = make_loop(alice.project, state="approved")

    for kind in (Kind.ISSUE_OPENED, Kind.PR_OPENED, Kind.MERGED, Kind.ANSWERED):
        lifecycle.append_event(loop, kind, "key_1", NOW)

    assert kinds(loop) == ["new"]


def test_rising_is_told_when_it_begins_and_not_with_each_packet(alice: MintedProject) -> None:
    loop = make_loop(alice.project, trend="steady")

    for hours in range(4):
        seen_as(loop, "rising", NOW + timedelta(hours=hours))

    assert kinds(loop) == ["new", "rising"]


def test_a_trend_that_goes_up_and_down_is_told_once_a_day(alice: MintedProject) -> None:
    loop = make_loop(alice.project, trend="steady")

    for hours in range(30):
        seen_as(loop, ["rising", "steady"][hours % 2], NOW + timedelta(hours=hours))

    assert kinds(loop) == ["new", "rising", "rising"]


def test_a_diagnosis_tells_of_a_loop_that_rises_while_it_waits(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    now = timezone.now()
    before = [span("pay", trace=f"b{n}", at=now - minutes(70 + n), error="declined") for n in range(3)]
    calm = [span("pay", trace=f"c{n}", at=now - minutes(65), error=None) for n in range(20)]
    later = [span("pay", trace=f"l{n}", at=now - minutes(5), error="declined") for n in range(20)]
    store(alice.project, [*before, *calm], now)
    call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 120})
    store(alice.project, later, now)

    for _ in range(2):
        call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 60})

    assert [told.kind for told in Notice.objects.order_by("pk")] == ["new", "rising"]


def test_what_ends_a_decision_is_told(alice: MintedProject) -> None:
    loop = make_loop(alice.project)

    for kind in (Kind.GREW, Kind.OUTDATED):
        lifecycle.append_event(loop, kind, "loopkit", NOW)

    assert kinds(loop) == ["new", "rising", "asked"]


def test_old_notices_are_forgotten(alice: MintedProject) -> None:
    loop = make_loop(alice.project)
    Notice.objects.update(created_at=NOW - timedelta(days=91))
    lifecycle.append_event(loop, Kind.DECIDED, "olga", NOW, verb="approve")

    assert notice_rows.forget_old_notices(NOW) == 1

    assert kinds(loop) == ["decided"]
