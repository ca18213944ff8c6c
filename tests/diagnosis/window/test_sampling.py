"""The slices of a window, and the traces that are drawn from it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from diagnosis.window.sampling import TraceSample, draw_traces, slices
from telemetry.windows import Window
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.factory import span, store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_slices_of_a_window_meet_and_lose_nothing() -> None:
    parts = slices(Window(0, 1003))

    assert (parts[0].start_unix_nano, parts[-1].end_unix_nano) == (0, 1003)
    assert all(one.end_unix_nano == other.start_unix_nano for one, other in pairwise(parts))


def traces(number: int, seed: int = 1, minutes: float = 50) -> list[dict[str, Any]]:
    """So many traces of one span, at any time of these minutes."""
    chance = random.Random(seed)
    return [
        span(trace=f"{seed} {n}", at=NOW - timedelta(minutes=chance.uniform(0.1, minutes)))
        for n in range(number)
    ]


def drawn(alice: MintedProject, until: datetime, minutes: int, most: int) -> TraceSample:
    """The traces that are drawn from the window of these minutes."""
    with bind(alice.project):
        return draw_traces(Window.ending(until, minutes), most)


def test_all_traces_are_drawn_if_they_are_few(alice: MintedProject) -> None:
    store(alice.project, traces(60), NOW)

    sample = drawn(alice, NOW, 60, most=60)

    assert (len(set(sample.trace_ids)), sample.of, sample.is_whole) == (60, 60, True)


def test_of_many_traces_about_as_many_as_asked_for_are_drawn_all_over_the_window(
    alice: MintedProject,
) -> None:
    sent = traces(1000)
    store(alice.project, sent, NOW)

    sample = drawn(alice, NOW, 60, most=100)

    at = {bytes.fromhex(one["traceId"]): int(one["startTimeUnixNano"]) for one in sent}
    quarters = {(at[trace_id] - min(at.values())) * 4 // (50 * 60 * 10**9) for trace_id in sample.trace_ids}
    assert (sample.of, sample.is_whole, quarters) == (1000, False, {0, 1, 2, 3})
    assert 30 <= len(set(sample.trace_ids)) <= 150


@pytest.mark.parametrize(("later", "minutes"), [(0, 60), (37, 61), (61.5, 90), (3000, 120)])
def test_windows_that_hold_the_same_traces_draw_the_same(
    alice: MintedProject, later: float, minutes: int
) -> None:
    store(alice.project, random.Random(later).sample(traces(1000), 1000), NOW)
    whole = drawn(alice, NOW, 60, most=100)

    moved = drawn(alice, NOW + timedelta(seconds=later), minutes, most=100)

    assert moved == whole


def test_traces_that_start_at_once_are_drawn_up_to_a_bound(alice: MintedProject) -> None:
    together = [span(trace=f"at once {n}", at=NOW - timedelta(minutes=20)) for n in range(300)]
    store(alice.project, [*together, *traces(2)], NOW)

    sample = drawn(alice, NOW, 60, most=20)

    assert sample.of == 302
    assert len(sample.trace_ids) <= 80
