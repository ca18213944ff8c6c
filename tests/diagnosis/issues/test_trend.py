"""A trend is a change of rate, not of traffic, and not chance."""

from __future__ import annotations

import pytest

from diagnosis.issues.trend import NOTHING_BEFORE, trend
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
        ((49, 669), (1, 2), "steady"),  # hardly anything ran before
        ((3, 100), (7, 100), "steady"),  # 17 %
        ((3, 100), (12, 100), "falling"),  # 1 %
        ((10**5, 10**7), (3 * 10**5, 10**7), "falling"),
        ((10, 100), (9, 100), "steady"),
    ],
)
def test_a_trend_needs_another_rate_and_not_more_traffic(
    now: tuple[int, int], before: tuple[int, int], expected: str
) -> None:
    assert trend(WindowCounts(Counts(*now), Counts(*before))).direction == expected


@pytest.mark.parametrize(
    ("now", "before", "operation_now", "operation_before", "expected"),
    [
        ((1, 2), (0, 2), (2, 2), (2, 2), "steady"),  # another failure's turn
        ((6, 7), (1, 4), (7, 7), (4, 4), "steady"),
        ((9, 200), (0, 200), (30, 200), (1, 200), "new"),  # the operation fails more often
        ((9, 20), (0, 20), (9, 20), (9, 20), "new"),  # too many to be chance
        ((9, 200), (0, 200), (9, 200), (0, 200), "new"),  # nothing failed before
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

    assert trend(cluster, operation).direction == expected


@pytest.mark.parametrize(
    ("now", "before", "clusters", "expected"),
    [
        ((1, 100), (0, 100), 1, "unclear"),
        ((4, 100), (0, 100), 1, "unclear"),
        ((5, 1000), (0, 1000), 1, "new"),  # 1 in 32
        ((5, 1000), (0, 1000), 2, "unclear"),
        ((11, 10**6), (0, 10**6), 100, "new"),  # 1 in 2,048
        ((10, 10**6), (0, 10**6), 100, "unclear"),
        ((2, 100), (0, 900), 1, "new"),  # a window of ten times as many records had none
        ((9, 900), (0, 10), 1, "unclear"),  # and one that had hardly any
    ],
)
def test_a_failure_is_new_if_that_is_no_chance_among_all_clusters(
    now: tuple[int, int], before: tuple[int, int], clusters: int, expected: str
) -> None:
    found = trend(WindowCounts(Counts(*now), Counts(*before)), clusters=clusters)

    assert found.direction == expected
    assert bool(found.reason) == (expected == "unclear")


def test_a_session_that_fails_again_and_again_is_one_chance() -> None:
    counts = WindowCounts(Counts(40, 1000), Counts(0, 1000))

    assert trend(counts, sessions=40).direction == "new"
    assert trend(counts, sessions=2).direction == "unclear"
    assert "40 failures in 2 sessions" in trend(counts, sessions=2).reason


def test_where_nothing_ran_before_nothing_is_new() -> None:
    found = trend(WindowCounts(Counts(500, 1000), Counts(0, 0)))

    assert (found.direction, found.reason) == ("unclear", NOTHING_BEFORE)
