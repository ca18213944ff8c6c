"""A trend is a change of rate, not of traffic."""

from __future__ import annotations

import pytest

from diagnosis.rates import Counts
from diagnosis.trend import Sides, chance, trend


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [
        ((5, 100), (0, 100), "new"),
        ((20, 100), (5, 100), "rising"),
        ((20, 400), (5, 100), "steady"),
        ((5, 100), (20, 100), "falling"),
        ((2, 100), (1, 100), "steady"),
        ((10, 100), (9, 100), "steady"),
    ],
)
def test_trend(now: tuple[int, int], before: tuple[int, int], expected: str) -> None:
    assert trend(Sides(Counts(*now), Counts(*before))) == expected


@pytest.mark.parametrize(
    ("now", "before", "operation_now", "operation_before", "expected"),
    [
        ((1, 2), (0, 2), (2, 2), (2, 2), "steady"),  # another failure's turn
        ((6, 7), (1, 4), (7, 7), (4, 4), "steady"),
        ((1, 20), (0, 20), (3, 20), (1, 20), "new"),  # the operation fails more often
        ((9, 20), (0, 20), (9, 20), (9, 20), "new"),  # too many to be chance
        ((1, 20), (0, 20), (1, 20), (0, 20), "new"),  # nothing failed before
        ((1, 20), (0, 0), (1, 20), (0, 0), "new"),
        ((10**5, 10**7), (0, 10**7), (10**6, 10**7), (10**6, 10**7), "new"),  # and that quickly
    ],
)
def test_failures_of_one_operation_take_turns(
    now: tuple[int, int],
    before: tuple[int, int],
    operation_now: tuple[int, int],
    operation_before: tuple[int, int],
    expected: str,
) -> None:
    cluster = Sides(Counts(*now), Counts(*before))
    operation = Sides(Counts(*operation_now), Counts(*operation_before))

    assert trend(cluster, operation) == expected


def test_the_chance_agrees_with_a_table_worked_by_hand() -> None:
    # 7 failures fall on 10 and 5 records: C(10, 7) * C(5, 0) of the C(15, 7) ways put all into the first window.
    assert chance(Sides(Counts(7, 10), Counts(0, 5))) == pytest.approx(120 / 6435)
