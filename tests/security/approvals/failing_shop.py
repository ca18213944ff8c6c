"""A shop whose orders fail, all of it sent over HTTP with a producer key, and diagnosed with the agent key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from diagnosis.models import Loop
from tenants.keys import provisioning
from tenants.keys.provisioning import MintedProject
from tests.diagnosis.console_requests import decide
from tests.staff_clients import operator
from tests.telemetry.factory import request, span

Call = Any
EVIDENCE = "order 1"  # the name of the trace of the first failure


def send_orders(call: Call, shop: MintedProject, orders: int = 40, failing: int = 20) -> datetime:
    """Send so many orders, one a minute until a minute ago, the first ones failing; return when the first ran."""
    first = datetime.now(UTC) - timedelta(minutes=orders)
    spans = [
        span(
            "place order",
            trace=f"order {number}",
            id=f"order {number}",
            at=first + timedelta(minutes=number),
            error="no stock" if number < failing else "",
            attributes={"session.id": f"s{number}", "user.id": f"u{number}"},
        )
        for number in range(orders)
    ]
    assert call("POST", "/v1/traces", shop.keys["producer"], request(*spans)).status_code == 202
    return first


def diagnose(call: Call, shop: MintedProject, minutes: int = 60, **more: Any) -> dict[str, Any]:
    """A diagnosis with the agent key: the packet."""
    answer = call("POST", "/v1/runs/diagnose", shop.keys["agent"], {"since_minutes": minutes} | more)
    assert answer.status_code == 200, answer.content
    return dict(answer.json()["packet"])


def narrow(first: datetime) -> dict[str, Any]:
    """A window with the first failure alone."""
    return {"minutes": 1, "until": (first + timedelta(seconds=1)).isoformat()}


def loop_of(call: Call, shop: MintedProject) -> dict[str, Any]:
    """The shop's loop, as an agent reads it."""
    (entry,) = call("GET", "/v1/loops", shop.keys["agent"]).json()["loops"]
    return dict(entry)


def stored_loop() -> Loop:
    """The shop's loop as it is stored now."""
    return Loop.objects.select_related("project__tenant").get()


@dataclass(frozen=True, slots=True)
class ApprovedShop:
    """A project whose one loop was approved on its page, and the browser of the superuser who did it."""

    minted: MintedProject
    boss: Client


def approved_shop(call: Call) -> ApprovedShop:
    """Such a project, for all tests of a module."""
    shop = ApprovedShop(provisioning.mint_project("alice", "", timezone.now(), claim=False), operator())
    send_orders(call, shop.minted, orders=8, failing=4)
    diagnose(call, shop.minted)
    assert decide(shop.boss, stored_loop(), "approve", "Fix it.").status_code == 302
    return shop


def drop_triggers() -> None:
    """The control database lets its owner change the audit log from now on."""
    with connection.cursor() as cursor:
        for (name,) in cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            cursor.execute(f"DROP TRIGGER {name}")
