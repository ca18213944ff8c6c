"""What it takes to say that an operation became slower; most of these must stay silent."""

from __future__ import annotations

import random

import pytest

from diagnosis.statistics.duration_tests import Comparisons, DurationSamples, chance_of_exceeding, moderated_t

DRAWN = random.Random(5)


def durations(number: int, factor: float = 1, tail: float = 1, chance: random.Random = DRAWN) -> list[float]:
    """Log-normal milliseconds around 100; `tail` stretches the slowest fifth."""
    drawn = sorted(100 * factor * chance.lognormvariate(0, 0.4) for _ in range(number))
    return [value * (tail if place >= 0.8 * number else 1) for place, value in enumerate(drawn)]


def moved(before: list[float], now: list[float], others: int = 20) -> float | None:
    """The quantile that moved, among other operations of which none did."""
    chance = random.Random(7)
    quiet = [DurationSamples(*(durations(10, chance=chance) for _ in range(2))) for _ in range(others)]
    sides = DurationSamples(before, now)
    return Comparisons.of([sides, *quiet]).moved(sides)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (durations(40), durations(40, factor=3), 0.5),
        (durations(300), durations(300, factor=1.4), 0.5),
        (durations(1), durations(2, factor=300), 0.5),  # nobody overlooks that
        (durations(100), durations(100, tail=8), 0.9),  # the slow ones alone
    ],
)
def test_an_operation_that_became_slower_is_told(
    before: list[float], now: list[float], expected: float
) -> None:
    assert moved(before, now) == expected


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (durations(300), durations(300)),
        (durations(300), durations(300, factor=1.1)),  # a trifle, however sure
        (durations(4), durations(4, factor=3)),  # too few for so little
        (durations(40, factor=3), durations(40)),  # faster
        ([*durations(39), 9_000.0], [*durations(37), 8_000.0, 9_000.0, 9_500.0]),  # a few outliers
        ([0.01] * 50, [0.06] * 50),  # clocks are no better
        (durations(3), [5_000.0]),  # once is never
    ],
)
def test_chance_and_trifles_are_not_told(before: list[float], now: list[float]) -> None:
    assert moved(before, now) is None


def test_few_records_prove_little_where_no_other_operation_lends_its_spread() -> None:
    assert moved(durations(1), durations(2, factor=300), others=0) is None


def test_the_halves_of_one_window_do_not_differ() -> None:
    chance = random.Random(3)
    windows = [[chance.lognormvariate(0, 1) * 50 for _ in range(40)] for _ in range(200)]
    sides = [DurationSamples(window[:20], window[20:]) for window in windows]
    together = Comparisons.of(sides)

    assert [one for one in sides if together.moved(one)] == []


def test_the_chance_of_exceeding_agrees_with_a_table_worked_by_hand() -> None:
    # 2 before, 2 now: of the 6 orders, 3 have a value of now above both of before, and 1 has both there.
    assert chance_of_exceeding(1, 2, 0, 2) == pytest.approx(3 / 6)
    assert chance_of_exceeding(2, 2, 0, 2) == pytest.approx(1 / 6)


def test_the_moderated_t_is_students_where_nothing_is_borrowed() -> None:
    # Logarithms 0, 2 and 4, 6 (the rounding is taken off): means 1 and 5, variance 2, standard error 2 ** 0.5.
    sides = DurationSamples([2.718281828**x - 0.2 for x in (0, 2)], [2.718281828**x - 0.2 for x in (4, 6)])

    assert moderated_t(sides, spread=2.0) == pytest.approx(4 / (12 / 6) ** 0.5)
