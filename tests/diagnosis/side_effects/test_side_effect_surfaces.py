"""Where side effects of a fix are shown: the loops of both failures, the packet, notices, pages, the next handoff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from diagnosis.diagnose import diagnose
from diagnosis.handoff.fix_history import lines
from diagnosis.loops import fixes
from diagnosis.models import Loop, Notice
from telemetry.windows import Window
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.dashboard_client import browser_of
from tests.diagnosis.side_effects.checkouts import carts, check_out
from tests.diagnosis.side_effects.test_side_effects import NEW, OLD, invoice_fails, price_fails

NOW = timezone.now().replace(microsecond=0)
FIRST, SHIPPED = NOW - timedelta(hours=3), NOW - timedelta(hours=1)


@pytest.fixture
def moved(alice: Any, call: Any) -> tuple[Loop, Loop]:
    """The loop of the price, whose fix held, and that of the invoice, which fails the same carts since."""
    check_out(alice.project, FIRST, carts(1, 90, 9), price_fails, OLD)
    diagnose(alice.project, Window.ending(FIRST + timedelta(minutes=10), 60), FIRST + timedelta(minutes=10))
    loop = Loop.objects.get(operation="price_cart")
    approve_seen(loop, User.objects.create_superuser("decides"), "It hurts.", FIRST + timedelta(minutes=20))
    key = alice.keys["agent"]
    shipped = {"kind": "shipped", "release": NEW, "shipped_at": SHIPPED.isoformat()}
    assert call("POST", f"/v1/loops/{loop.loop_id}/events", key, shipped).status_code == 201
    check_out(alice.project, SHIPPED, carts(2, 400, 12), invoice_fails, NEW)
    answer = call("POST", "/v1/runs/verify", key, {"loop_id": loop.loop_id}).json()
    assert (answer["verdict"], len(answer["side_effects"])) == ("held", 1)
    diagnose(alice.project, Window.ending(NOW, 240), NOW)
    loop.refresh_from_db()
    return loop, Loop.objects.get(operation="write_invoice")


def test_both_loops_name_each_other(alice, call, moved):
    priced, invoiced = (
        call("GET", f"/v1/loops/{loop.loop_id}", alice.keys["agent"]).json() for loop in moved
    )

    [effect] = priced["side_effects"]
    assert effect["cluster_id"] == invoiced["cluster_id"]
    assert effect["title"].startswith("write_invoice: ")
    assert (priced["side_effect_of"], invoiced["side_effect_of"]) == ([], [priced["loop_id"]])
    assert priced["fixes"][0]["side_effects"] == [invoiced["cluster_id"]]
    assert (invoiced["side_effects"], invoiced["fixes"]) == ([], [])


def test_a_packet_remembers_what_came_with_a_fix(alice, call, moved):
    invoiced = moved[1]
    key = alice.keys["agent"]

    packet = call("GET", f"/v1/packets/{invoiced.packet_id}", key).json()["packet"]
    report = call("GET", "/v1/reports/latest.md", key).content.decode()

    assert [entry["side_effects"] for entry in packet["memory"]] == [[invoiced.cluster_id]]
    assert f"Other failures came with the fix: `{invoiced.cluster_id}`." in report


def test_a_notice_of_the_verdict_names_them(moved):
    priced, invoiced = moved

    texts = Notice.objects.filter(loop=priced, kind="verified").values_list("text", flat=True)

    assert list(texts) == [f"The fix held. Other failures came with the fix: {invoiced.cluster_id}."]


def test_the_handoff_of_the_next_fix_names_them(moved):
    priced, invoiced = moved

    [fix] = fixes.shipped_fixes(priced)

    assert f"other failures that came with it: `{invoiced.cluster_id}`" in "\n".join(lines([fix.shown()]))


def test_the_pages_of_both_loops_lead_to_each_other(alice, boss, moved):
    priced, invoiced = moved
    paths = [reverse("admin:diagnosis_loop_change", args=[quote(loop.loop_id)]) for loop in moved]

    held, caused = (boss.get(path).content.decode() for path in paths)
    issue = browser_of(alice).get(reverse("dashboard-issue", args=[priced.cluster_id])).content.decode()

    assert f'Other failures came with the fix of this one: <a href="{paths[1]}">{invoiced.cluster_id}' in held
    assert f'This failure came with the fix of <a href="{paths[0]}">{priced.loop_id}' in caused
    assert "12 of 400 requests, 0 of 90 before; same requests" in held
    assert "A failure that came with the fix" in issue
