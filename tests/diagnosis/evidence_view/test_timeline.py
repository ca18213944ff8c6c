"""Failures over the window of a loop's packet and the one before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from diagnosis.evidence_view import timeline
from diagnosis.evidence_view.timeline import HEIGHT, LEAST, PARTS, Timeline
from diagnosis.models import Loop
from telemetry.windows import rfc3339
from tenants.stores.binding import bind
from tests.diagnosis.shipped_loop import T0, Send


def read(loop: Loop) -> Timeline | None:
    """Of the loop's own store."""
    with bind(loop.project):
        return timeline.read_timeline(loop)


@pytest.fixture
def day(loop: Loop) -> Loop:
    """The loop with a packet of the 24 hours that end an hour after its failures."""
    end = T0 + timedelta(hours=1)
    loop.packet.document = {"window": {"start": rfc3339(end - timedelta(days=1)), "end": rfc3339(end)}}
    loop.packet.save()
    return loop


def test_both_windows_are_counted_and_each_failure_has_its_part(day: Loop, send: Send) -> None:
    send(T0 - timedelta(days=1), failing=2, ok=8)
    send(T0 - timedelta(hours=3), failing=5)

    found = read(day)

    assert found
    assert (found.before.failures, found.before.ran, found.now.failures, found.now.ran) == (2, 10, 25, 55)
    assert {number: part.failures for number, part in enumerate(found.parts) if part.failures} == {
        PARTS - 1: 2,
        2 * PARTS - 4: 5,
        2 * PARTS - 1: 20,
    }


def test_the_worst_part_is_as_high_as_the_picture_and_none_that_failed_is_flat(day: Loop, send: Send) -> None:
    send(T0 - timedelta(hours=3), failing=1)

    found = read(day)

    assert found
    assert {part.height for part in found.parts} == {0, LEAST, HEIGHT}
    assert found.most == 20


def test_the_traffic_of_long_windows_is_not_counted(day: Loop) -> None:
    window: Any = day.packet.document["window"]
    window["start"] = rfc3339(T0 - timedelta(days=3))
    day.packet.save()

    found = read(day)

    assert found
    assert (found.now.failures, found.now.ran, found.now.share) == (20, None, None)


@pytest.mark.parametrize("signal_type", ["latency", "repeated_call"])
def test_what_no_record_carries_has_no_course(day: Loop, signal_type: str) -> None:
    day.signal_type = signal_type

    assert read(day) is None


def test_a_packet_without_a_window_has_no_course(day: Loop) -> None:
    day.packet.document = {}

    assert read(day) is None
