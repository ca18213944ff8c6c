"""Packets and the dashboard name what came in their window's hours and is not in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from diagnosis.api.project_state import dashboard
from diagnosis.diagnose import diagnose
from diagnosis.packets import publishing
from telemetry.ledger import ledger_entries
from telemetry.store import odd_times
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.diagnosis.dashboard_client import browser_of
from tests.telemetry.factory import minutes, request, span, store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = Window.ending(NOW, 60)


def packet_of(alice: MintedProject) -> dict[str, Any]:
    """The packet of the hour."""
    return publishing.packet_as_answered(diagnose(alice.project, HOUR, NOW))


def test_a_packet_that_finds_nothing_says_where_the_spans_are(alice: MintedProject) -> None:
    milliseconds = {"startTimeUnixNano": "1777895940000", "endTimeUnixNano": "1777895940005"}
    store(
        alice.project,
        [
            span(id=1, at=NOW) | milliseconds,
            span(id=2, at=NOW + minutes(20)),
            span(id=3, at=NOW + minutes(21)),
        ],
        NOW - minutes(1),
    )

    packet = packet_of(alice)

    assert packet["reason"] == (
        "No record starts in this window. Of what came in these hours, this may be missing: 2 spans with a clock that "
        "is ahead, 1 span with times that look like milliseconds; GET /v1/ledger says why and what to do."
    )
    assert packet["completeness"]["unseen"] == [
        {"reason": "time_ahead", "count": 2, "unit": "spans"},
        {"reason": "time_in_milliseconds", "count": 1, "unit": "spans"},
    ]
    assert packet["completeness"]["complete"] is False


def test_a_packet_names_what_was_over_the_quota_and_what_was_refused(alice: MintedProject) -> None:
    alice.project.quota_spans = 2
    failing = [span(id=n, at=NOW - minutes(5), error="no stock") for n in range(5)]
    store(alice.project, [*failing, span(at=NOW) | {"spanId": ""}], NOW - minutes(1))

    packet = packet_of(alice)

    assert packet["issues"]
    assert packet["completeness"]["complete"] is False
    assert packet["completeness"]["note"] == (
        "Of what came in these hours, this may be missing: 3 spans over the quota, 1 span without a valid span id; GET "
        "/v1/ledger says why and what to do."
    )


def test_a_window_of_other_hours_lacks_nothing(alice: MintedProject) -> None:
    store(alice.project, [span(at=NOW - minutes(5)) | {"spanId": ""}, span(at=NOW - minutes(5))], NOW)

    packet = publishing.packet_as_answered(
        diagnose(alice.project, Window.ending(NOW - minutes(120), 60), NOW)
    )

    assert (packet["completeness"]["complete"], packet["completeness"]["unseen"]) == (True, [])


def completeness_of(alice: MintedProject, window: Window) -> dict[str, Any]:
    """What the packet of the window, and the ledger for it, say that it lacks."""
    packet = publishing.packet_as_answered(diagnose(alice.project, window, NOW))
    with bind(alice.project):
        missing = {entry.reason: entry.missing for entry in ledger_entries(window) if entry.missing}
    assert missing == {item["reason"]: item["count"] for item in packet["completeness"]["unseen"]}
    return dict(packet["completeness"])


def test_a_backfill_is_missing_in_no_window_that_holds_all_of_it(alice: MintedProject) -> None:
    late = [span(id=n, at=NOW - minutes(100 + n), error="no stock") for n in range(300)]
    store(alice.project, [*late, span(id="now", at=NOW - minutes(2))], NOW - minutes(1))

    assert completeness_of(alice, HOUR)["complete"] is False
    assert completeness_of(alice, Window.ending(NOW, 398))["complete"] is False  # without the first two
    whole = completeness_of(alice, Window.ending(NOW, 400))
    assert (whole["complete"], whole["unseen"], whole["records_read"]) == (True, [], 301)


def test_of_two_senders_that_come_late_both_must_be_in_the_window(alice: MintedProject) -> None:
    for service, ago in (("shop", 100), ("billing", 5000)):
        store(
            alice.project,
            [span(id=service, at=NOW - minutes(ago))],
            NOW - minutes(1),
            {"service.name": service},
        )

    assert completeness_of(alice, Window.ending(NOW, 1440))["unseen"] == [
        {"reason": "time_behind", "count": 2, "unit": "spans"}
    ]
    assert completeness_of(alice, Window.ending(NOW, 7200))["complete"] is True


def test_where_senders_may_be_forgotten_spans_that_come_late_may_be_missing(
    alice: MintedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(odd_times, "MOST", 1)
    store(alice.project, [span(at=NOW - minutes(100))], NOW - minutes(1))

    assert completeness_of(alice, Window.ending(NOW, 1440))["complete"] is False


def test_what_is_redacted_sent_again_or_shares_an_id_is_not_missing(alice: MintedProject) -> None:
    secret = span("a", id=1, at=NOW - minutes(5), attributes={"password": "hunter2-hunter2"})
    store(alice.project, [secret, secret, secret | {"kind": 3}], NOW - minutes(1))

    assert packet_of(alice)["completeness"]["complete"] is True


def test_the_dashboard_names_it_too(alice: MintedProject, call: Callable[..., Any]) -> None:
    store(alice.project, [span(id=1, at=NOW + minutes(20))], NOW - minutes(1), {"host.name": "laptop-7"})

    state = dashboard(alice.project, HOUR, NOW)

    assert state["unseen"] == [{"reason": "time_ahead", "count": 1, "unit": "spans"}]
    assert "1 span with a clock that is ahead" in state["unseen_note"]


def test_the_page_shows_the_likely_cause_and_the_records_in_conflict(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    now = datetime.now(UTC)
    job = span("job", id="job", at=now)
    sent = [span(id=1, at=now + minutes(20)), job, job | {"status": {"code": 2}}]
    call("POST", "/v1/traces", alice.keys["producer"], request(*sent, resource={"host.name": "laptop-7"}))

    page = browser_of(alice).get("/dashboard").content.decode()

    assert "Of what came in these hours, this may be missing:" in page
    assert "Its clock is 20 minutes ahead." in page
    assert "laptop-7" in page
    assert "failed later; differs in status" in page


def test_failures_of_a_clock_five_minutes_ahead_are_in_a_diagnosis_of_now(
    alice: MintedProject, call: Callable[..., Any]
) -> None:
    failing = span("sync cart", at=datetime.now(UTC) + minutes(5), error="the cart was lost")
    call("POST", "/v1/traces", alice.keys["producer"], request(failing))

    packet = call("POST", "/v1/runs/diagnose", alice.keys["agent"], {"since_minutes": 60}).json()["packet"]

    assert (packet["since_minutes"], [issue["count"] for issue in packet["issues"]]) == (60, [1])
    assert call("GET", "/v1/telemetry", alice.keys["agent"]).json()["count"] == 1


def test_pages_of_a_window_that_reaches_ahead_go_on(alice: MintedProject, call: Callable[..., Any]) -> None:
    now = datetime.now(UTC)
    sent = [span(id=n, at=now + minutes(4 - n)) for n in range(3)]
    call("POST", "/v1/traces", alice.keys["producer"], request(*sent))

    query = "?since_minutes=60&limit=2"
    first = call("GET", f"/v1/telemetry{query}", alice.keys["agent"]).json()
    rest = call("GET", f"/v1/telemetry{query}&cursor={first['next_cursor']}", alice.keys["agent"]).json()

    assert (first["count"], rest["count"]) == (2, 1)
    assert first["window"] == rest["window"]
