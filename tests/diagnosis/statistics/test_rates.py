"""The exact interval of the ratio of two rates: published values, closed forms, and what must hold for any counts."""

from __future__ import annotations

import math
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.statistics.rates import Counts, Tails, odds, rate_ratio, share_interval
from tests.diagnosis.count_strategies import LARGE, some_counts


def share(hits: int, total: int) -> tuple[float, float]:
    """The Clopper-Pearson interval."""
    return share_interval(hits, total - hits)


def test_the_share_of_nothing_can_be_any() -> None:
    assert share_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        # The table of Conover (1999): http://influentialpoints.com/Training/confidence_intervals_of_proportions.htm
        (5, 25, 0.068, 0.407),
        (81, 263, 0.2527, 0.3676),  # These four: Newcombe (1998), Statistics in Medicine 17:857, table I
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
        (10, 10, 0.6915, 1.0),
    ],
)
def test_the_interval_of_a_share_is_the_published_one(hits, total, low, high):
    digits = 3 if total == 25 else 4

    interval = share(hits, total)

    assert [round(bound, digits) for bound in interval] == [low, high]


def test_the_interval_of_a_ratio_is_the_published_one():
    # Fay, "Testing the Ratio of Two Poisson Rates", section 1: https://rdrr.io/cran/rateratio.test/
    found = rate_ratio(before=Counts(9, 16660), after=Counts(2, 17877))

    assert found.estimate == pytest.approx(0.2070941557, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((0.02177406, 1.00054910), rel=1e-6)


@given(st.integers(0, 60), st.integers(0, 60))
def test_each_bound_leaves_exactly_its_tail(hits, misses):
    total = hits + misses

    low, high = share(hits, total)

    def at_least(count: int, p: float) -> float:
        return math.fsum(comb(total, n) * p**n * (1 - p) ** (total - n) for n in range(count, total + 1))

    assert hits == 0 or at_least(hits, low) == pytest.approx(0.025, rel=1e-9)
    assert misses == 0 or 1 - at_least(hits + 1, high) == pytest.approx(0.025, rel=1e-9)


@given(st.integers(1, LARGE))
def test_the_bounds_of_all_and_none_have_a_closed_form(total):
    assert share(total, total)[0] == pytest.approx(0.025 ** (1 / total), rel=1e-9)
    assert share(0, total)[1] == pytest.approx(-math.expm1(math.log(0.025) / total), rel=1e-6)


def test_ten_million_failures_are_judged_as_the_normal_law_does():
    deviation = math.sqrt(2 / LARGE)

    bounds = [math.log(bound) for bound in odds(LARGE, LARGE)]

    assert bounds == pytest.approx([-1.959964 * deviation, 1.959964 * deviation], rel=1e-3)


def test_more_failures_than_records_are_refused():
    with pytest.raises(ValueError, match="11 failures of 10 records"):
        Counts(11, 10)


@given(some_counts(), some_counts())
def test_the_estimate_lies_in_its_interval(before, after):
    found = rate_ratio(before, after)

    assert found.estimate is None or found.low <= found.estimate <= found.high


@given(some_counts(), some_counts())
def test_turning_the_windows_round_turns_the_interval_round(before, after):
    found, turned = rate_ratio(before, after), rate_ratio(after, before)

    assert found.low == pytest.approx(1 / turned.high if math.isfinite(turned.high) else 0, rel=1e-6)


def test_counts_that_vary_more_have_a_wider_interval():
    usual = rate_ratio(Counts(40, 1000), Counts(10, 1000))

    wider = rate_ratio(Counts(40, 1000), Counts(10, 1000), inflation=(4, 4))

    assert wider.estimate == usual.estimate
    assert wider.low < usual.low < usual.high < wider.high


def test_a_smaller_tail_moves_its_own_bound_alone():
    usual = rate_ratio(Counts(40, 1000), Counts(10, 1000))

    found = rate_ratio(Counts(40, 1000), Counts(10, 1000), Tails(low=0.025, high=0.001))

    assert found.low == usual.low
    assert found.high > usual.high
