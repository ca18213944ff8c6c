"""A fix ships after its approval and not in the future, whatever the agent reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide
from tests.security.approvals.failing_shop import diagnose, send_orders, stored_loop
from tests.staff_clients import operator
from tests.telemetry.factory import minutes


def report(call: Any, shop: MintedProject, shipped_at: str) -> Any:
    """The agent's report."""
    path = f"/v1/loops/{stored_loop().pk}/events"
    return call("POST", path, shop.keys["agent"], {"kind": "shipped", "shipped_at": shipped_at})


@pytest.fixture
def approved_at(alice: MintedProject, call: Any) -> datetime:
    """When the loop was approved."""
    send_orders(call, alice, orders=8, failing=4)
    diagnose(call, alice)
    decide(operator(), stored_loop(), "approve")
    return timezone.now()


@pytest.mark.parametrize(
    "shipped_at",
    ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2020-02-02T00:00:00+14:00", "2999-01-01T00:00:00Z"],
)
def test_a_time_that_cannot_be_is_refused_with_the_remedy(
    alice: MintedProject, call: Any, approved_at: datetime, shipped_at: str
) -> None:
    answer = report(call, alice, shipped_at)

    assert answer.status_code == 400, answer.content
    assert "leave shipped_at out" in answer.json()["error"]["hint"]
    assert (stored_loop().state, stored_loop().shipped_at) == ("approved", None)


@pytest.mark.parametrize(("offset", "status"), [(-6, 400), (-4, 201), (0, 201), (4, 201), (6, 400)])
def test_clocks_may_differ_by_a_few_minutes(
    alice: MintedProject, call: Any, approved_at: datetime, offset: int, status: int
) -> None:
    answer = report(call, alice, (approved_at + minutes(offset)).isoformat())

    assert answer.status_code == status
    assert (stored_loop().shipped_at or approved_at) <= timezone.now() + timedelta(seconds=1)
