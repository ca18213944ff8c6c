"""Whoever polls for a week is not told of a side effect that is none, and is told of one that is."""

from __future__ import annotations

import random
from itertools import accumulate

import pytest

from diagnosis.side_effects import anytime
from diagnosis.side_effects.anytime import Sessions, begun_window, fails_more
from diagnosis.side_effects.linked import CHANCE
from telemetry.windows import Window
from tests.diagnosis.side_effects.polled_programs import broken_program, healthy_program
from tests.thorough import thorough

SECOND = 10**9
DAY = 24 * 3600 * SECOND


def growing(last: int, times: float) -> list[int]:
    """Numbers of requests at which somebody looks, each so many times the one before."""
    looks = [20]
    while looks[-1] < last:
        looks.append(int(looks[-1] * times) + 1)
    return looks


def test_a_rate_that_stays_is_called_higher_with_its_chance_at_most_however_often_one_looks() -> None:
    chance, programs, level, alarms = random.Random(4), 300, 0.05, 0
    for _ in range(programs):
        rate = chance.choice((0.02, 0.1, 0.3))
        before = Sessions(sum(chance.random() < rate for _ in range(1_000)), 1_000)
        failed = list(accumulate(chance.random() < rate for _ in range(6_000)))
        alarms += any(
            fails_more(before, Sessions(failed[number - 1], number), level) for number in growing(5_500, 1.02)
        )

    assert alarms <= level * programs


@pytest.mark.parametrize("first", [0, *thorough(55, 110, 165)])
def test_healthy_programs_are_not_flagged_in_a_week_of_polls(
    monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    flagged = [
        seed
        for seed in range(first, first + 55)
        if any(healthy_program(monkeypatch, seed, 1_500).linked_at(number) for number in growing(1_500, 1.5))
    ]

    assert len(flagged) <= 55 * CHANCE


def test_requests_that_fail_in_another_way_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [7 in broken_program(monkeypatch, seed, 800).linked_at(800) for seed in range(40)]

    assert sum(found) >= 38


def test_a_window_of_which_not_all_is_read_begins_at_fixed_places_for_a_while() -> None:
    read = 3 * 3600 * SECOND
    begins = {
        (begun.window.start_unix_nano, begun.part)
        for until in range(DAY, DAY + 8 * 3600 * SECOND, 60 * SECOND)
        if (begun := begun_window(Window(until - read, until), 0))
    }

    assert 2 <= len(begins) <= 10
    assert begun_window(Window(0, DAY), 0).part == anytime.FIRST_PART


def test_the_parts_of_all_places_are_no_more_than_the_chance() -> None:
    levels = sum(1 / ((level + 1) * (level + 2)) for level in range(10_000))
    places = sum(anytime.part_of_place(number) for number in range(1, 10_000))

    assert anytime.FIRST_PART + (1 - anytime.FIRST_PART) * levels * places <= 1
    assert places > 0.99


@pytest.mark.parametrize("length", [1, 3, 90, 4_000, 10**6])
def test_what_is_read_is_most_of_the_newest(length: int) -> None:
    for until in range(10**7, 10**7 + 5 * length, max(1, length // 7)):
        newest = Window((until - length) * SECOND, until * SECOND)

        begun = begun_window(newest, 0).window

        assert newest.start_unix_nano <= begun.start_unix_nano
        assert begun.length_nano >= newest.length_nano // 2 - SECOND
