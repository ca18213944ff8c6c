"""
What came with a fix, and calls that two instrumentations recorded, against a recount by the programs that were made so.

As in test_recount.py, each program counts for itself, and its spans come in several orders.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from diagnosis.models import Loop
from telemetry.windows import Window
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.dashboard_client import browser_of
from tests.diagnosis.side_effects.checkouts import Cart, carts, checkout_spans
from tests.generated_calls import Calls
from tests.shown_counts import Shown, found, words
from tests.staff_clients import operator
from tests.telemetry.factory import store
from tests.thorough import thorough

NOW = datetime.now(UTC).replace(microsecond=0)
FIRST, SHIPPED = NOW - timedelta(hours=3), NOW - timedelta(hours=1)
OLD, NEW = "1.0.0", "1.1.0"


@pytest.fixture
def shown(alice: Any, call: Any) -> Shown:
    """The surfaces of alice's project."""
    return Shown(alice, call, browser_of(alice), operator())


def priced(cart: Cart, chance: random.Random) -> dict[str, str]:
    """Odd carts fail at their price, as some mails do."""
    return {"price_cart": "division by zero"} if cart.is_odd else mailed(cart)


def invoiced(cart: Cart, chance: random.Random) -> dict[str, str]:
    """Odd carts fail at their invoice; mails fail as before."""
    return {"write_invoice": "total must be above 0"} if cart.is_odd else mailed(cart)


def mailed(cart: Cart) -> dict[str, str]:
    """Every eleventh mail fails, whatever the release."""
    return {"send_mail": "mailbox full"} if cart.number % 11 == 5 else {}


def send(shown: Shown, spans: list[dict[str, Any]], release: str, order: str, seed: int) -> None:
    """Send the spans in batches, in that order."""
    arriving = list(spans)
    if order == "shuffled":
        random.Random(seed).shuffle(arriving)
    if order == "backwards":
        arriving.reverse()
    for first in range(0, len(arriving), 97):
        resource = {"service.name": "shop", "service.version": release}
        store(shown.minted.project, arriving[first : first + 97], NOW, resource)


@pytest.mark.parametrize(("seed", "order"), [(2, "shuffled"), *thorough((1, "in order"), (3, "backwards"))])
def test_what_came_with_a_fix_has_the_numbers_that_the_program_knows(
    shown: Shown, seed: int, order: str
) -> None:
    chance = random.Random(seed)
    before = carts(seed, chance.randrange(80, 130), chance.randrange(8, 14))
    since = carts(seed + 10, chance.randrange(300, 500), chance.randrange(10, 20))
    send(shown, checkout_spans(FIRST, before, priced, OLD), OLD, order, seed)
    shown.diagnose(Window.ending(FIRST + timedelta(minutes=20), 60))
    loop = Loop.objects.get(operation="price_cart")
    approve_seen(loop, User.objects.create_superuser("decides"), "It hurts.", FIRST + timedelta(minutes=30))
    report = {"kind": "shipped", "release": NEW, "shipped_at": SHIPPED.isoformat()}
    shown.post(f"/v1/loops/{loop.loop_id}/events", **report)
    send(shown, checkout_spans(SHIPPED, since, invoiced, NEW), NEW, order, seed)

    answer = shown.post("/v1/runs/verify", loop_id=loop.loop_id)
    told = shown.get(f"/v1/loops/{loop.loop_id}")
    page = words(shown.boss.get(f"/admin/diagnosis/loop/{loop.loop_id.replace('_', '_5F')}/change/"))

    failing = sum(cart.is_odd for cart in since)
    [effect] = answer["side_effects"]  # the mails fail as before
    assert effect["operation"] == "write_invoice"
    assert [effect[f"{what}_{side}"] for side in ("before", "after") for what in ("failures", "exposure")] == [
        0, len(before), failing, len(since),
    ]  # fmt: skip
    assert told["side_effects"] == answer["side_effects"]
    assert answer["clusters_compared"] == 2
    counts = r"([\d,]+) of ([\d,]+) requests, ([\d,]+) of ([\d,]+) before"
    for text in (answer["reason"], page):
        assert found(counts, text) == (failing, len(since), 0, len(before))


@pytest.mark.parametrize(("seed", "size"), [(1, 1000), (2, 3), (3, 1), (4, 7), (5, 1000)])
def test_a_call_that_is_recorded_twice_counts_once_everywhere(shown: Shown, seed: int, size: int) -> None:
    program = Calls(seed, NOW - timedelta(minutes=40))
    arriving = list(program.spans)
    random.Random(seed).shuffle(arriving)
    for first in range(0, len(arriving), size):
        for scope in dict.fromkeys(scope for scope, _ in arriving[first : first + size]):
            together = [sent for name, sent in arriving[first : first + size] if name == scope]
            store(shown.minted.project, together, NOW, {"service.name": "bot"}, {"name": scope})

    sessions = shown.get("/v1/sessions?since_minutes=60&limit=100")["sessions"]
    state = shown.get("/v1/dashboard?since_minutes=60")
    issues = shown.post("/v1/runs/diagnose", since_minutes=60)["packet"]["issues"]

    assert program.recorded_twice > 5
    tokens = {one["session_id"]: (one["input_tokens"], one["output_tokens"]) for one in sessions}
    assert tokens == program.tokens
    calls = [row for row in state["operations"] if row["operation"] != "run"]
    assert sum(row["records"] for row in calls) == program.made
    assert sum(row["failures"] for row in calls) == program.failed
    assert sum(issue["count"] for issue in issues) == program.failed
    of_operation = {row["operation"]: row["records"] for row in calls}
    assert {issue["operation"]: issue["impact"]["operation_records"] for issue in issues}.items() <= (
        of_operation.items()
    )
