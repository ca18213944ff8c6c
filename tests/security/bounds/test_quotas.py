"""Whatever an agent key sends, as often as it can: stored rows, their bytes, and each page and answer stay bounded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from diagnosis.models import Decision, EvalCandidate, Loop, LoopEvent, Packet
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import minutes, span, store

WINDOWS, KINDS = 12, 8
Call = Callable[..., Any]


@pytest.fixture
def flooded(alice: MintedProject, call: Call, settings: Any) -> MintedProject:
    """A project with KINDS failures of their own in each of WINDOWS minutes, and a diagnosis of each minute."""
    settings.LOOPKIT_OPEN_LOOPS, settings.LOOPKIT_PACKETS = 20, 3
    now = timezone.now()
    for window in range(WINDOWS):
        at = now - minutes(window + 0.5)
        spans = [
            span(
                f"step {letters(window)}", trace=f"{window}-{kind}", id=f"{kind}", at=at, error=letters(kind)
            )
            for kind in range(KINDS)
        ]
        store(alice.project, spans, now)
    for window in reversed(range(WINDOWS)):
        until = (now - minutes(window)).isoformat()
        answer = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 1, "until": until})
        assert answer.status_code == 200, answer.content
    return alice


def letters(number: int) -> str:
    """A name without digits."""
    return "".join(chr(97 + int(digit)) * 4 for digit in str(number))


def test_loops_that_wait_are_bounded_and_the_packet_says_what_was_not_proposed(
    flooded: MintedProject, call: Call
) -> None:
    packets = call("GET", "/v1/packets", flooded.keys["agent"]).json()["packets"]
    newest = call("GET", f"/v1/packets/{packets[0]['packet_id']}", flooded.keys["agent"]).json()["packet"]
    unproposed = [issue for issue in newest["issues"] if issue["loop_id"] is None]

    assert Loop.objects.count() <= 20
    assert len(newest["issues"]) == KINDS
    assert unproposed
    assert {issue["approval"]["state"] for issue in unproposed} == {None}
    assert f"{len(unproposed)} issue" in newest["completeness"]["note"]
    assert not newest["approval_required"]
    assert call("GET", "/v1/reports/latest.md", flooded.keys["agent"]).status_code == 200


def test_a_less_severe_flood_leaves_room_for_the_worst(flooded: MintedProject, call: Call) -> None:
    now = timezone.now()
    worst = [span("fatal", trace=f"w{n}", at=now - minutes(0.1), error="out of money") for n in range(40)]
    store(flooded.project, worst, now)

    packet = call("POST", "/v1/runs/diagnose", flooded.keys["agent"], {"since_minutes": 60}).json()["packet"]

    assert packet["issues"][0]["severity"] in {"high", "critical"}
    assert packet["issues"][0]["loop_id"] is not None


def test_a_decided_loop_makes_room(flooded: MintedProject, call: Call) -> None:
    waiting = Loop.objects.count()
    Loop.objects.update(state=Loop.State.REJECTED)

    call("POST", "/v1/runs/diagnose", flooded.keys["agent"], {"since_minutes": 60})

    assert Loop.objects.count() > waiting


def test_old_packets_are_deleted_or_keep_what_loops_refer_to(flooded: MintedProject, call: Call) -> None:
    whole = Packet.objects.filter(is_whole=True)
    shortened = Packet.objects.filter(is_whole=False)

    assert whole.count() == 3
    assert shortened.count() <= Loop.objects.count()
    assert sum(len(packet.document["issues"]) for packet in shortened) <= Loop.objects.count()
    for loop in Loop.objects.all():
        page = call("GET", f"/v1/packets/{loop.packet_id}", flooded.keys["agent"]).json()["packet"]
        [issue] = [issue for issue in page["issues"] if issue["loop_id"] == loop.loop_id]
        assert issue["evidence_ids"] == loop.issue["evidence_ids"]
    assert not shortened or "removed" in shortened[0].document["completeness"]["note"]


def test_what_a_decision_saw_outlives_every_flood(
    flooded: MintedProject, call: Call, django_user_model: Any
) -> None:
    loop = Loop.objects.order_by("created_at").first()
    assert loop is not None
    user = django_user_model.objects.create_user("olga")
    decided = Decision.objects.create(
        loop=loop, verb="approve", reason="yes", decided_by=user, decided_at=timezone.now(),
        packet=loop.packet, revision=loop.revision,
    )  # fmt: skip
    issue = loop.issue
    now = timezone.now()
    for number in range(8):
        store(flooded.project, [span("again", trace=f"a{number}", at=now - minutes(1), error="x")], now)
        call("POST", "/v1/runs/diagnose", flooded.keys["agent"], {"since_minutes": 120})

    decided.refresh_from_db()
    seen = [shown for shown in decided.packet.document["issues"] if shown["loop_id"] == loop.loop_id]

    assert [shown["evidence_ids"] for shown in seen] == [issue["evidence_ids"]]


def test_evals_of_failures_without_a_loop_are_bounded(
    flooded: MintedProject, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diagnosis.packets.packet_retention.MOST_LONE_EVALS", 5)
    now = timezone.now()
    store(flooded.project, [span("again", trace="a", at=now - timedelta(seconds=5), error="x")], now)

    call("POST", "/v1/runs/diagnose", flooded.keys["agent"], {"since_minutes": 1})

    with_loop = Loop.objects.values("cluster_id")
    assert EvalCandidate.objects.exclude(cluster_id__in=with_loop).count() <= 5
    assert EvalCandidate.objects.filter(cluster_id__in=with_loop).count() == Loop.objects.count()
    assert LoopEvent.objects.filter(kind=LoopEvent.Kind.PROPOSED).count() == Loop.objects.count()
