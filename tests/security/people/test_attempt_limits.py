"""No period has more attempts than its limit, wherever it begins, and valid keys open a bounded number of sessions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from loopkit.http.errors import ApiError
from tenants import pages
from tenants.audit.audit_log import AuditEvent
from tenants.keys.provisioning import MintedProject
from tenants.limits import rate_limits
from tenants.models import AuditEntry

pytestmark = pytest.mark.django_db


def guess() -> None:
    """An attempt at something that may be tried ten times an hour. Raises ApiError above that."""
    rate_limits.count_attempts("guess", [("who", "10/h", "you")], "Guess")


@pytest.mark.parametrize("offset", range(0, 3600, 300))
def test_no_hour_has_more_attempts_than_the_limit_wherever_it_begins(monkeypatch: Any, offset: int) -> None:
    began, clock, let_through = 1_800_000_000 + offset, [0.0], []
    monkeypatch.setattr("time.time", lambda: clock[0])
    for at in (*range(3590, 3610), *range(3610, 7300, 10)):
        clock[0] = began + at
        with suppress(ApiError):
            guess()
            let_through.append(at)

    assert max(sum(begin <= at < begin + 3600 for at in let_through) for begin in let_through) == 10
    assert let_through[10] - let_through[0] <= 3600 + 60 + 10  # and is over no later than that


def test_waiting_as_long_as_the_refusal_says_is_enough(monkeypatch: Any) -> None:
    clock = [1_800_000_123.4]
    monkeypatch.setattr("time.time", lambda: clock[0])
    for _ in range(10):
        clock[0] += 100.7
        guess()
    with pytest.raises(ApiError) as refused:
        guess()

    clock[0] += int(refused.value.headers["Retry-After"]) - 1
    with pytest.raises(ApiError):
        guess()
    clock[0] += 1
    guess()


def test_sessions_of_a_valid_key_are_bounded_and_other_networks_still_sign_in(
    alice: MintedProject, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pages, "KEY_RATE_HERE", "5/h")
    monkeypatch.setattr(pages, "KEY_RATE", "20/h")

    def open_dashboard(network: str) -> int:
        form = {"agent_key": alice.keys["agent"]}
        return int(Client().post("/dashboard/sign-in", form, REMOTE_ADDR=network).status_code)

    assert [open_dashboard("198.51.100.1") for _ in range(7)] == [302] * 5 + [429] * 2
    assert Session.objects.count() == 5
    assert AuditEntry.objects.filter(event=AuditEvent.SIGNED_IN).count() == 5
    assert open_dashboard("203.0.113.7") == 302
    assert [open_dashboard(network) for network in (f"192.0.2.{n}" for n in range(16))] == [302] * 14 + [
        429
    ] * 2
