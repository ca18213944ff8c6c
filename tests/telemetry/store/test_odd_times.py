"""Spans that lie ahead, long past, or in another unit are found when they come, with the likely cause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry import ledger
from telemetry.models import OddClock
from telemetry.store import odd_times
from telemetry.windows import Window, unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.binding import bind
from tests.telemetry.factory import minutes, span, store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
LAPTOP = {"service.name": "till", "host.name": "laptop-7"}


def entries(project: Project) -> dict[str, ledger.LedgerEntry]:
    """The project's entries about times, by reason."""
    with bind(project):
        found = ledger.ledger_entries(Window.ending(NOW + minutes(1), 60))
    return {entry.reason: entry for entry in found if entry.reason.startswith("time_")}


def with_times(start: int, end: int) -> dict[str, Any]:
    """A span with these numbers as its times."""
    return span(id=start, at=NOW) | {"startTimeUnixNano": str(start), "endTimeUnixNano": str(end)}


@pytest.mark.parametrize(
    ("unit", "divisor"), [("seconds", 10**9), ("milliseconds", 10**6), ("microseconds", 10**3)]
)
def test_times_in_another_unit_are_told(alice: MintedProject, unit: str, divisor: int) -> None:
    start = unix_nano(NOW - minutes(2)) // divisor
    store(alice.project, [with_times(start, start + 1)], NOW, LAPTOP)

    [(reason, entry)] = entries(alice.project).items()
    [sender] = entry.senders
    assert (reason, entry.count) == (f"time_in_{unit}", 1)
    assert (sender["service"], sender["host"], sender["cause"], sender["offset_seconds"]) == (
        "till", "laptop-7", f"Start times look like {unit}.", None,
    )  # fmt: skip
    assert f"multiply by {divisor:,}." in entry.remedy
    assert sender["first_start"].year == 1970


@pytest.mark.parametrize(
    ("offset", "cause"),
    [
        (minutes(20), "Its clock is 20 minutes ahead."),
        (minutes(2), "Its clock is 2 minutes ahead."),
        (timedelta(hours=5), "Its clock is 5 hours ahead."),
        (timedelta(days=30), "Its clock is 30 days ahead."),
        (-timedelta(days=1), "Its clock is 24 hours behind, or the spans were kept back for so long."),
        (-minutes(90), "Its clock is 90 minutes behind, or the spans were kept back for so long."),
    ],
)
def test_a_clock_that_is_off_is_told_with_its_offset(
    alice: MintedProject, offset: timedelta, cause: str
) -> None:
    spans = [span(id=n, at=NOW + offset - minutes(0) - timedelta(seconds=n), duration_ms=5) for n in range(3)]
    store(alice.project, spans, NOW, LAPTOP)

    [entry] = entries(alice.project).values()
    [sender] = entry.senders
    assert (entry.count, sender["count"], sender["host"]) == (3, 3, "laptop-7")
    assert sender["cause"] == cause
    assert sender["offset_seconds"] == pytest.approx(offset.total_seconds(), abs=2)
    assert (sender["first_start"], sender["last_start"]) == (
        NOW + offset - timedelta(seconds=2), NOW + offset,
    )  # fmt: skip


def test_spans_of_now_and_long_ones_that_end_now_are_not_told(alice: MintedProject) -> None:
    store(
        alice.project,
        [
            span(id=1, at=NOW - minutes(50)),
            span(id=2, at=NOW + timedelta(seconds=30)),
            span(id=3, at=NOW - timedelta(hours=8), duration_ms=8 * 3_600_000),
        ],
        NOW,
    )

    assert entries(alice.project) == {}


def test_a_span_without_times_is_told(alice: MintedProject) -> None:
    store(alice.project, [with_times(0, 0)], NOW)

    assert list(entries(alice.project)) == [odd_times.ABSENT]


def test_only_stored_spans_count_and_senders_merge(alice: MintedProject) -> None:
    ahead = [span(id=n, at=NOW + minutes(20)) for n in range(4)]
    store(alice.project, ahead[:2], NOW, LAPTOP)
    store(alice.project, ahead, NOW, LAPTOP)
    store(alice.project, [span(id="other", at=NOW + minutes(30))], NOW, {"service.name": "shop"})

    [entry] = entries(alice.project).values()
    assert entry.count == 5
    assert [(sender["service"], sender["count"]) for sender in entry.senders] == [("shop", 1), ("till", 4)]


def test_the_newest_senders_stay(alice: MintedProject, monkeypatch: Any) -> None:
    monkeypatch.setattr(odd_times, "MOST", 3)
    monkeypatch.setattr(odd_times, "FORGET", odd_times.FORGET.replace("OFFSET 199", "OFFSET 2"))
    for n in range(6):
        now = NOW + minutes(n)
        store(alice.project, [span(id=n, at=now + minutes(20))], now, {"host.name": f"host-{n}"})

    with bind(alice.project):
        hosts = set(OddClock.objects.values_list("host", flat=True))
    assert hosts == {"host-3", "host-4", "host-5"}
