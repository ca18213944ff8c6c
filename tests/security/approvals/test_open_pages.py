"""Nothing that a key sends makes the form of an open page void: what the page showed is what is decided on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from diagnosis.console import deciding
from diagnosis.models import Decision, EvalCandidate, Loop, Packet
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import bulk, confirm, decide, page_of, text
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.staff_clients import Reader, operator

MOST_PACKETS = 5
VERBS = [("approve", "approved"), ("reject", "rejected"), ("return", "returned")]


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


@pytest.fixture
def shop(alice: MintedProject, call: Any, settings: Any) -> MintedProject:
    """A project with one loop that waits, of which few packets are kept."""
    settings.LOOPKIT_PACKETS = MOST_PACKETS
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    return alice


def opened(boss: Client) -> dict[str, str]:
    """What the form of the loop's page has, opened now."""
    return Reader(boss.get(page_of(stored_loop()))).inputs


def flood(call: Any, shop: MintedProject, first: int = 61) -> None:
    """Make more packets than are kept, each of another window, all with the failure."""
    for minutes in range(first, first + MOST_PACKETS + 2):
        diagnose(call, shop, minutes=minutes)


def use_every_right(call: Any, shop: MintedProject) -> None:
    """Whatever else the keys of the project can write, more of it than is kept."""
    loop, agent = stored_loop(), shop.keys["agent"]
    for number in range(120):
        result = {"eval_id": loop.issue["eval_candidate"], "passed": False, "detail": f"run {number}"}
        assert call("POST", "/v1/evals", agent, result).status_code < 300
    call("POST", f"/v1/loops/{loop.pk}/events", agent, {"kind": "answered", "note": "x"})
    call("POST", "/v1/runs/verify", agent, {"loop_id": loop.pk})
    send_orders(call, shop, orders=30, failing=30)


@pytest.mark.parametrize(("verb", "state"), VERBS)
def test_diagnoses_meanwhile_void_no_open_page(
    shop: MintedProject, boss: Client, call: Any, verb: str, state: str
) -> None:
    seen = opened(boss)
    flood(call, shop)

    answer = decide(boss, stored_loop(), verb, **seen)

    assert answer.status_code == 302, text(answer)
    decision = Decision.objects.get()
    assert (stored_loop().state, decision.packet_id, decision.content_hash) == (
        state,
        seen["packet"],
        seen["content"],
    )
    assert stored_loop().packet_id == seen["packet"]
    handoff = call("GET", f"/v1/loops/{stored_loop().pk}/handoff", shop.keys["agent"])
    assert handoff.status_code == (200 if verb == "approve" else 409)


def test_several_open_pages_stay_valid(shop: MintedProject, boss: Client, call: Any) -> None:
    first = opened(boss)
    flood(call, shop)
    second = opened(boss)
    flood(call, shop, first=161)

    assert first["packet"] != second["packet"]
    assert decide(boss, stored_loop(), "approve", **first).status_code == 302
    assert stored_loop().packet_id == first["packet"]


def test_no_other_write_of_a_key_voids_an_open_page(shop: MintedProject, boss: Client, call: Any) -> None:
    seen = opened(boss)
    use_every_right(call, shop)
    flood(call, shop)

    assert decide(boss, stored_loop(), "approve", **seen).status_code == 302
    assert Decision.objects.get().content_hash == seen["content"]


@pytest.mark.parametrize("verb", ["reject", "return"])
def test_a_selection_that_waits_for_its_reason_is_decided_as_it_was_shown(
    shop: MintedProject, boss: Client, call: Any, verb: str
) -> None:
    asked = bulk(boss, f"{verb}_selected", stored_loop())
    packet = stored_loop().packet_id
    flood(call, shop)

    answer = confirm(boss, f"{verb}_selected", asked, "All the same cause.")

    assert "decided 1 of 1 loop" in text(answer)
    assert Decision.objects.get().packet_id == packet


@pytest.mark.parametrize("verb", ["reject", "return"])
def test_reject_and_return_need_nothing_of_that_moment(
    shop: MintedProject, boss: Client, call: Any, verb: str
) -> None:
    seen = opened(boss)
    Packet.objects.update(shown_at=None)
    flood(call, shop)
    EvalCandidate.objects.all().delete()
    assert not Packet.objects.filter(pk=seen["packet"]).exists()

    answer = decide(boss, stored_loop(), verb, **seen)

    assert answer.status_code == 302
    assert (Decision.objects.get().verb, Decision.objects.get().content_hash) == (verb, "")


def test_an_approval_of_a_packet_that_is_gone_is_refused(
    shop: MintedProject, boss: Client, call: Any
) -> None:
    seen = opened(boss)
    Packet.objects.update(shown_at=None)
    flood(call, shop)

    assert decide(boss, stored_loop(), "approve", **seen).status_code == 409


def test_a_page_is_kept_as_long_as_a_session_and_only_for_who_may_decide(
    shop: MintedProject, boss: Client, call: Any, settings: Any
) -> None:
    seen = opened(boss)
    over = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    Packet.objects.filter(pk=seen["packet"]).update(shown_at=over)
    flood(call, shop)
    left = Packet.objects.count()
    decide(boss, stored_loop(), "reject")
    opened(boss)

    assert not Packet.objects.filter(pk=seen["packet"]).exists()
    assert left == MOST_PACKETS
    assert Packet.objects.filter(shown_at__isnull=False).count() == 1  # of the form that rejected


def test_a_packet_that_left_while_the_page_was_made_is_read_again(
    shop: MintedProject, boss: Client, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_open = deciding.keep_open
    late = []

    def after_a_flood(loops: list[Loop], now: Any) -> None:
        if not late:
            late.append(1)
            flood(call, shop)
        keep_open(loops, now)

    monkeypatch.setattr(deciding, "keep_open", after_a_flood)
    seen = opened(boss)
    flood(call, shop, first=161)

    assert decide(boss, stored_loop(), "approve", **seen).status_code == 302
