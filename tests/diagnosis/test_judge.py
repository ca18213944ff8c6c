"""The judge: published exact values, every verdict, and what must be true of any counts."""

from __future__ import annotations

import math
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.judge import Counts, judge, judge_held, odds, ratio
from diagnosis.models import Verification

RANK = {"held": 0, "improved": 1, "unchanged": 2, "inconclusive": 2, "regressed": 3}
LARGE = 10**7


@st.composite
def some_counts(draw: st.DrawFn, most: int = LARGE) -> Counts:
    """Counts of any size, small ones often."""
    exposure = draw(st.integers(0, 50) | st.integers(0, most))
    return Counts(draw(st.integers(0, min(exposure, 20)) | st.integers(0, exposure)), exposure)


def share(hits: int, total: int) -> tuple[float, float]:
    """The Clopper-Pearson interval."""
    low, high = odds(hits, total - hits)
    return low / (1 + low), high / (1 + high) if math.isfinite(high) else 1.0


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
    found = ratio(before=Counts(9, 16660), after=Counts(2, 17877))

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


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Counts(40, 100), Counts(0, 0), "no_traffic"),
        (Counts(40, 100), Counts(0, 12), "held"),  # 4.8 expected
        (Counts(40, 100), Counts(0, 11), "improved"),  # 4.4 expected: gone, but not for long enough
        (Counts(1000, 2000), Counts(3, 2000), "held"),  # at most a hundredth
        (Counts(40, 100), Counts(5, 100), "improved"),
        (Counts(200, 1000), Counts(205, 1000), "unchanged"),
        (Counts(5, 1000), Counts(60, 1000), "regressed"),
        (Counts(5, 100), Counts(4, 100), "inconclusive"),
        (Counts(1, 100), Counts(0, 500), "inconclusive"),  # one failure before is hardly a rate
        (Counts(0, 0), Counts(3, 10), "inconclusive"),
        (Counts(0, 0), Counts(0, 10), "inconclusive"),
        (Counts(0, 500), Counts(0, 500), "inconclusive"),
        (Counts(0, 500), Counts(20, 500), "regressed"),
        (Counts(0, 500), Counts(1, 5), "inconclusive"),  # a single failure is never a regression
    ],
)
def test_the_verdict(before, after, verdict):
    found = judge(before, after)

    assert found.verdict == verdict


def test_rates_are_compared_and_not_counts():
    fewer_failures_of_far_less_traffic = judge(before=Counts(100, 10_000), after=Counts(50, 500))

    assert fewer_failures_of_far_less_traffic.verdict == "regressed"


def test_the_reason_is_a_sentence_with_the_counts():
    found = judge(before=Counts(40, 1000), after=Counts(0, 2500))

    assert found.reason == "No failure in 2,500 records; at the rate before, about 100 were to be expected."


@pytest.mark.parametrize(
    ("since", "verdict"),
    [
        (Counts(0, 0), "no_traffic"),
        (Counts(0, 300), "held"),
        (Counts(1, 2), "held"),  # one stray failure
        (Counts(9, 200), "regressed"),
    ],
)
def test_a_fix_that_held_still_does_until_failures_come_back(since, verdict):
    found = judge_held(Counts(0, 400), since)

    assert found.verdict == verdict


def test_more_failures_than_records_are_refused():
    with pytest.raises(ValueError, match="11 failures of 10 records"):
        Counts(11, 10)


@given(some_counts(), some_counts())
def test_any_counts_get_a_verdict_and_a_sentence(before, after):
    found = judge(before, after)

    assert found.verdict in Verification.Verdict.values
    assert found.reason[0].isupper() or found.reason[0].isdigit()
    assert found.reason.endswith(".")
    assert 0 <= found.ratio.low <= found.ratio.high


@given(some_counts(), some_counts())
def test_the_estimate_lies_in_its_interval(before, after):
    found = ratio(before, after)

    assert found.estimate is None or found.low <= found.estimate <= found.high


@given(some_counts(), some_counts())
def test_turning_the_windows_round_turns_the_interval_round(before, after):
    found, turned = ratio(before, after), ratio(after, before)

    assert found.low == pytest.approx(1 / turned.high if math.isfinite(turned.high) else 0, rel=1e-6)


@given(some_counts(), st.integers(1, LARGE), st.data())
def test_one_failure_more_never_makes_a_better_verdict(before, exposure, data):
    failures = data.draw(st.integers(0, min(exposure - 1, 30)) | st.integers(0, exposure - 1))

    fewer, more = judge(before, Counts(failures, exposure)), judge(before, Counts(failures + 1, exposure))

    assert fewer.ratio.low <= more.ratio.low
    assert fewer.ratio.high <= more.ratio.high * (1 + 1e-9)
    assert RANK[fewer.verdict] <= RANK[more.verdict]


@given(some_counts(), some_counts())
def test_what_is_needed_is_enough_and_not_one_more_than_needed(before, after):
    found = judge(before, after)

    if found.needed:
        assert judge(before, Counts(after.failures, after.exposure + found.needed)).verdict == "held"
        if found.needed > 1:
            assert judge(before, Counts(after.failures, after.exposure + found.needed - 1)).verdict != "held"
    else:
        assert (found.needed == 0) == (found.verdict == "held")


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_held_is_said_only_where_chance_is_below_one_percent(failures, exposure):
    before = Counts(min(failures, exposure), exposure)

    needed = judge(before, Counts(0, 0)).needed

    assert needed is not None
    assert (1 - before.failures / exposure) ** needed < math.exp(-4.6) + 1e-12
