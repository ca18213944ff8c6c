"""How many people must approve is not for a key to choose, and no key takes a first approval back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from diagnosis.console.queue.narrow_list import ORDERS, URGENCY
from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues import extents, stretch_severity
from diagnosis.issues.issue import Surroundings, measure_cluster
from diagnosis.loops import worst_severity
from diagnosis.models import Loop, Severity
from diagnosis.window import traffic
from telemetry.models import Record
from telemetry.windows import MINUTE_NANO, Window
from tenants.keys.provisioning import MintedProject
from tenants.models import Tenant
from tenants.stores.binding import bind
from tests.diagnosis.console_requests import decide, page_of, text
from tests.diagnosis.factory import make_loop
from tests.security.approvals.failing_shop import diagnose, loop_of, narrow, send_orders, stored_loop
from tests.staff_clients import home, member
from tests.telemetry.factory import span, store

migration: Any = import_module("diagnosis.migrations.0009_worst_severity")
NOW = datetime(2026, 11, 2, tzinfo=UTC)
DECIDE = ["view_loop", "decide_loop"]


@pytest.fixture
def shop(alice: MintedProject) -> MintedProject:
    """A project of a tenant that wants two people for high severity and worse."""
    tenant = home(alice.project, "acme").tenant
    Tenant.objects.filter(pk=tenant.pk).update(two_people=Tenant.TwoPeople.HIGH)
    return alice


def approver(shop: MintedProject, name: str) -> Client:
    """Somebody who may decide there, signed in."""
    return member(name, shop.project.tenant, permissions=DECIDE)


def test_a_narrow_window_lowers_neither_severity_nor_people_nor_place_in_the_queue(
    shop: MintedProject, call: Any
) -> None:
    first = send_orders(call, shop)
    diagnose(call, shop)
    before, columns = loop_of(call, shop), Loop.objects.values().get()

    diagnose(call, shop, **narrow(first))
    diagnose(call, shop, 43200)

    after = loop_of(call, shop)
    assert (before["severity"], before["approvals"]["needed"]) == ("critical", 2)
    assert (after["severity"], after["approvals"]["needed"]) == ("critical", 2)
    sorted_by = {"severity", "urgency", "failures_seen", "people_seen", "tokens_seen", "last_seen_at"}
    assert all(Loop.objects.values().get()[name] >= columns[name] for name in sorted_by)
    assert Loop.objects.get().waiting_since == columns["waiting_since"]


def test_one_approver_does_not_open_the_handoff_after_a_narrow_window(shop: MintedProject, call: Any) -> None:
    first = send_orders(call, shop)
    diagnose(call, shop)
    diagnose(call, shop, **narrow(first))

    decide(approver(shop, "olga"), stored_loop(), "approve")

    answer = call("GET", f"/v1/loops/{stored_loop().pk}/handoff", shop.keys["agent"])
    assert (stored_loop().state, answer.status_code) == ("proposed", 409)


def test_two_people_are_needed_although_only_narrow_windows_showed_the_loop(
    shop: MintedProject, call: Any
) -> None:
    first = send_orders(call, shop)
    diagnose(call, shop, **narrow(first))
    olga, paul = approver(shop, "olga"), approver(shop, "paul")
    unmeasured = loop_of(call, shop)

    page = text(olga.get(page_of(stored_loop())))
    decide(olga, stored_loop(), "approve")
    half = stored_loop()
    decide(paul, half, "approve")

    assert (unmeasured["severity"], unmeasured["approvals"]["needed"]) == ("medium", None)
    assert "At worst, since it was proposed: critical" in page
    assert loop_of(call, shop)["approvals"] == {"needed": 2, "given_by": ["olga", "paul"]}
    assert (half.state, half.get_severity_display()) == ("proposed", "critical")
    assert stored_loop().state == "approved"


def test_an_hour_that_is_small_and_severe_counts_beside_one_that_is_busy_and_mild(
    shop: MintedProject, call: Any
) -> None:
    send_orders(call, shop, orders=1, failing=1)
    now = datetime.now(UTC)
    for days, orders, failing in ((3, 200, 15), (9, 6, 6)):
        spans = [
            span(
                "place order",
                trace=f"{days} {number}",
                id=f"{days} {number}",
                at=now - timedelta(days=days) + timedelta(milliseconds=number),
                error="no stock" if number < failing else "",
                attributes={"session.id": f"s{number % 3}"},
            )
            for number in range(orders)
        ]
        store(shop.project, spans, now)
    diagnose(call, shop, minutes=5)

    page = text(approver(shop, "olga").get(page_of(stored_loop())))

    assert loop_of(call, shop)["severity"] == "medium"
    assert "At worst, since it was proposed: high" in page


@pytest.mark.parametrize("signal_type", WINDOW_RULES.signals)
def test_what_rules_over_windows_find_is_sought_at_times_that_no_packet_takes_away(
    alice: MintedProject, signal_type: str
) -> None:
    loop = make_loop(alice.project)
    loop.signal_type = signal_type
    sought = []
    for seen_ago in (timedelta(0), timedelta(days=20)):
        loop.last_seen_at = NOW - seen_ago
        with bind(alice.project):
            sought.append(set(worst_severity.sought_windows(loop, NOW)))

    assert sought[0] <= sought[1]
    assert {Window.ending(NOW, minutes) for minutes in (60, 1440, 43_200)} <= sought[0]


@pytest.mark.parametrize("seed", range(3))
def test_the_severity_of_each_hour_and_day_is_that_of_an_issue_of_it(shop: MintedProject, seed: int) -> None:
    chance, begin = random.Random(seed), NOW - timedelta(days=5)
    spans = []
    for hour, share in ((h, chance.choice((0, 0.1, 0.5))) for h in range(120) if chance.random() < 0.2):
        for number in range(chance.choice((1, 4, 12, 40))):
            failed = chance.random() < share
            person = {"session.id": f"s{chance.randrange(15)}"} | ({"user.id": "u"} if number % 2 else {})
            at = begin + timedelta(hours=hour, seconds=chance.randrange(3600))
            name, error = (
                f"job {chance.randrange(2)}",
                chance.choice(("no stock", "no stock", "late")) if failed else "",
            )
            spans.append(
                span(
                    name,
                    trace=f"{hour} {number}",
                    id=f"{hour} {number}",
                    at=at,
                    error=error,
                    attributes=person,
                )
            )
    store(shop.project, spans, NOW)
    with bind(shop.project):
        for fingerprint in set(
            Record.objects.exclude(fingerprint=None).values_list("fingerprint", flat=True)
        ):
            for minutes in (60, 1440):
                whole = Window.ending(NOW, 6 * 1440)
                expected = list(by_measuring(fingerprint, whole, minutes))
                assert sorted(stretch_severity.severities(fingerprint, whole, minutes)) == sorted(expected)


def by_measuring(fingerprint: int, whole: Window, minutes: int) -> Iterator[int]:
    """The severity of the cluster in a diagnosis of each stretch of the window in which it failed."""
    size = minutes * MINUTE_NANO
    for start in range(whole.start_unix_nano, whole.end_unix_nano, size):
        window = Window(start, start + size)
        around = Surroundings(traffic.read_traffic(window), traffic.read_traffic(window.before))
        for extent in extents.read_extents(window, [fingerprint]):
            yield measure_cluster(extent, around).grade.severity


def test_healthy_traffic_and_later_packets_lower_nothing(shop: MintedProject, call: Any) -> None:
    send_orders(call, shop)
    diagnose(call, shop)
    before = Loop.objects.values().get()

    send_orders(call, shop, orders=900, failing=0)
    diagnose(call, shop, 1440)

    after = Loop.objects.values().get()
    assert (after["severity"], after["urgency"]) >= (before["severity"], before["urgency"])


def test_an_answer_does_not_take_the_first_of_two_approvals_back(shop: MintedProject, call: Any) -> None:
    send_orders(call, shop)
    diagnose(call, shop)
    olga, paul = approver(shop, "olga"), approver(shop, "paul")
    decide(paul, stored_loop(), "return", "Why?")
    decide(olga, stored_loop(), "approve")

    path = f"/v1/loops/{stored_loop().pk}/events"
    answer = call("POST", path, shop.keys["agent"], {"kind": "answered", "note": "because"})
    still_given = loop_of(call, shop)["approvals"]["given_by"]
    decide(paul, stored_loop(), "approve")

    assert (answer.status_code, still_given) == (409, ["olga"])
    assert stored_loop().state == "approved"


def test_diagnoses_of_any_window_leave_a_first_approval_and_its_content_alone(
    shop: MintedProject, call: Any
) -> None:
    first = send_orders(call, shop)
    diagnose(call, shop)
    decide(approver(shop, "olga"), stored_loop(), "approve")
    before = Loop.objects.values().get()

    send_orders(call, shop, orders=60)
    for window in ({"minutes": 1440}, {"minutes": 1}, narrow(first)):
        diagnose(call, shop, **window)

    assert Loop.objects.values().get() == before
    assert loop_of(call, shop)["approvals"] == {"needed": 2, "given_by": ["olga"]}


def test_every_order_of_the_queue_is_by_columns_that_the_tests_here_look_at() -> None:
    named = {str(part).lstrip("-") for _, order in ORDERS.values() for part in order if isinstance(part, str)}
    named |= {part.lstrip("-") for part in URGENCY if isinstance(part, str)}

    assert named == {
        "loop_id", "urgency", "failures_seen", "people_seen", "tokens_seen", "severity", "project_id",
    }  # fmt: skip


def test_loops_of_an_earlier_version_get_the_worst_severity_that_a_packet_or_a_notice_shows(
    alice: MintedProject,
) -> None:
    by_packet = make_loop(alice.project, severity=Severity.CRITICAL)
    by_notice = make_loop(alice.project, cluster=2, severity=Severity.HIGH, title="another")
    make_loop(alice.project, cluster=3, severity=Severity.LOW)
    Loop.objects.update(severity=Severity.LOW, issue={"severity": "low"})
    by_notice.packet.document["issues"].clear()
    by_notice.packet.save()

    migration.fill(apps, None)

    found = dict(Loop.objects.values_list("cluster_id", "severity"))
    assert found == {by_packet.cluster_id: 4, by_notice.cluster_id: 3, "clu_0000000000000003": 1}
