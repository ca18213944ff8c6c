"""A trend is a change of rate, not of traffic."""

from __future__ import annotations

import pytest

from diagnosis.issues.trend import trend
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts


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
def test_a_trend_needs_another_rate_and_not_more_traffic(
    now: tuple[int, int], before: tuple[int, int], expected: str
) -> None:
    assert trend(WindowCounts(Counts(*now), Counts(*before))) == expected


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
    cluster = WindowCounts(Counts(*now), Counts(*before))
    operation = WindowCounts(Counts(*operation_now), Counts(*operation_before))

    assert trend(cluster, operation) == expected
