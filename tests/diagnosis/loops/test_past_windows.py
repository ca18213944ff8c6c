"""A diagnosis of the past is a packet of its own; what is shown of the present stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from diagnosis.models import Loop, Packet
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import request, span

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)
BEFORE = NOW - timedelta(hours=5)


@pytest.fixture
def diagnose(alice: MintedProject, call: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Diagnose an hour until a time; the packet."""

    def run(until: datetime) -> dict[str, Any]:
        body = {"since_minutes": 60, "until": until.isoformat()}
        answer = call("POST", "/v1/runs/diagnose", alice.keys["agent"], body)
        assert answer.status_code in (200, 201)
        packet: dict[str, Any] = answer.json()["packet"]
        return packet

    return run


def send(call: Callable[..., Any], alice: MintedProject, at: datetime, failures: int) -> None:
    """So many failures of one kind at a time, and as many that are fine."""
    named = [f"{at} {failures} {number}" for number in range(failures)]
    spans = [span("place order", trace=name, at=at, error="no stock") for name in named]
    spans += [span("place order", trace=f"fine {name}", at=at) for name in named]
    assert call("POST", "/v1/traces", alice.keys["producer"], request(*spans)).status_code in (200, 202)


def test_a_packet_about_the_past_replaces_nothing_of_the_present(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]]
) -> None:
    send(call, alice, BEFORE - timedelta(minutes=5), 4)
    send(call, alice, NOW - timedelta(minutes=5), 9)
    present = diagnose(NOW)

    past = diagnose(BEFORE)

    loop = Loop.objects.get()
    assert (present["issues"][0]["count"], past["issues"][0]["count"]) == (9, 4)
    assert (loop.issue["count"], loop.packet_id) == (9, present["packet_id"])
    assert past["issues"][0]["loop_id"] == loop.loop_id
    report = call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode()
    shown = call("GET", "/v1/dashboard", alice.keys["agent"]).json()
    assert present["packet_id"] in report
    assert shown["packet"]["packet_id"] == present["packet_id"]


def test_an_empty_past_leaves_the_present_packet_the_latest(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]]
) -> None:
    send(call, alice, NOW - timedelta(minutes=5), 3)
    present = diagnose(NOW)
    diagnose(NOW - timedelta(days=400))

    report = call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode()

    assert Packet.objects.count() == 2
    assert present["packet_id"] in report


def test_of_two_packets_of_one_time_the_newer_is_the_latest(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]]
) -> None:
    send(call, alice, BEFORE - timedelta(minutes=5), 2)
    diagnose(BEFORE)
    send(call, alice, BEFORE - timedelta(minutes=5), 3)
    second = diagnose(BEFORE)

    assert Loop.objects.get().packet_id == second["packet_id"]
    assert second["packet_id"] in call("GET", "/v1/reports/latest.md", alice.keys["agent"]).content.decode()


@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(hours=1), timedelta(days=900)])
def test_a_window_that_ends_in_the_future_is_refused_and_the_present_stays(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]], ahead: timedelta
) -> None:
    send(call, alice, NOW - timedelta(minutes=5), 4)
    body = {"since_minutes": 120, "until": (datetime.now(UTC) + ahead).isoformat()}

    answer = call("POST", "/v1/runs/diagnose", alice.keys["agent"], body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], Packet.objects.count()) == (400, "invalid", 0)
    assert (error["message"].startswith("until:"), "Leave until out" in error["hint"]) == (True, True)


def test_a_time_that_a_clients_clock_is_ahead_is_taken_as_now(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]]
) -> None:
    send(call, alice, NOW - timedelta(minutes=5), 4)

    ahead = diagnose(datetime.now(UTC) + timedelta(minutes=5))
    send(call, alice, NOW - timedelta(minutes=1), 9)
    later = diagnose(datetime.now(UTC))

    assert datetime.fromisoformat(ahead["window"]["end"]) <= datetime.now(UTC)
    assert [issue["count"] for issue in later["issues"]] == [13]
    shown = call("GET", "/v1/dashboard", alice.keys["agent"]).json()
    assert shown["packet"]["packet_id"] == later["packet_id"]


@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(days=900)])
def test_a_packet_of_the_future_that_an_earlier_version_made_hides_nothing(
    alice: MintedProject, call: Callable[..., Any], diagnose: Callable[..., dict[str, Any]], ahead: timedelta
) -> None:
    send(call, alice, NOW - timedelta(minutes=5), 4)
    first = diagnose(NOW)
    Packet.objects.update(is_about=datetime.now(UTC) + ahead)
    send(call, alice, NOW - timedelta(minutes=1), 9)

    later = diagnose(datetime.now(UTC))

    shown = call("GET", "/v1/dashboard", alice.keys["agent"]).json()
    assert first["packet_id"] != shown["packet"]["packet_id"] == later["packet_id"]
