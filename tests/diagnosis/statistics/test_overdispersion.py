"""How failures come together: in sessions, in bursts, or not at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.statistics.overdispersion import (
    Observed,
    Overdispersion,
    clustering,
    estimate_overdispersion,
    estimate_steadily,
    widened,
)
from diagnosis.statistics.rates import USUAL, Counts


def observed(*batches: tuple[int, int], sessions: tuple[tuple[int, int], ...] = ()) -> Observed:
    """A window in batches, and the sessions that failed in it."""
    parts = tuple(Counts(*batch) for batch in batches)
    counts = sum(parts, Counts(0, 0))
    return Observed(counts, parts, clustering(counts, [Counts(*session) for session in sessions]))


def test_failures_spread_evenly_are_no_bursts():
    even = observed(*[(10, 100)] * 12)

    assert estimate_overdispersion(even, even).burst_variance == 0


def test_failures_in_one_batch_of_twelve_are_a_burst():
    burst = observed((120, 100 + 20), *[(0, 120)] * 11)

    found = estimate_overdispersion(burst, burst)

    # One batch has all: its factor is 12, the others' 0, so the variance is near 11 * 12 / 11.
    assert found.burst_variance == pytest.approx(12, rel=0.02)
    assert found.batches == (12, 12)
    assert found.freedom == 22


def test_too_few_batches_say_nothing_about_bursts():
    short = observed((40, 100), (0, 100), (0, 100))

    assert estimate_overdispersion(short, short).burst_variance == 0


def test_sessions_of_one_record_are_independent():
    alone = observed((30, 100), sessions=((1, 1),) * 30)

    assert estimate_overdispersion(alone, alone).design_effect == pytest.approx(1)


def test_sessions_that_fail_as_a_whole_count_about_once():
    together = observed((30, 1000), sessions=((10, 10),) * 3)

    assert estimate_overdispersion(together, together).design_effect == pytest.approx(10)


def test_chance_pairs_in_long_sessions_are_no_clusters():
    # 100 sessions of 10 records, 30 % of which fail, as the binomial law has it.
    law = [math.comb(10, k) * 0.3**k * 0.7 ** (10 - k) for k in range(11)]
    failing = tuple((k, 10) for k in range(1, 11) for _ in range(round(1000 * law[k])))
    counts = Counts(sum(k for k, _ in failing), 10_000)

    found = clustering(counts, [Counts(*one) for one in failing])

    assert found.squares / found.independent == pytest.approx(1, rel=0.05)


def test_nothing_comes_by_the_chance_that_the_law_gives():
    bursty = Overdispersion(burst_variance=0.5, batches=(12, 12))

    # Twelve batches with a mean of 1: a negative binomial of size 2 has no failure by (2 / 3)^2 each.
    assert bursty.absence(12) == pytest.approx(-12 * math.log((2 / 3) ** 2))
    assert Overdispersion().absence(12) == 12


@given(st.floats(0.01, 10), st.floats(0.1, 1e6))
def test_bursts_never_make_absence_stronger(variance, expected):
    assert Overdispersion(burst_variance=variance, batches=(12, 12)).absence(expected) <= expected * (
        1 + 1e-9
    )


def test_frequent_failures_vary_less_than_rare_ones():
    rare, frequent = Counts(1, 1000), Counts(400, 1000)

    assert Overdispersion().inflation(rare, rare, USUAL)[0] == pytest.approx(0.999)
    assert Overdispersion().inflation(frequent, frequent, USUAL)[0] == pytest.approx(0.6)


@pytest.mark.parametrize(("freedom", "student"), [(1, 12.706), (5, 2.571), (22, 2.074), (120, 1.980)])
def test_students_quantiles_are_the_published_ones(freedom, student):
    # https://www.itl.nist.gov/div898/handbook/eda/section3/eda3672.htm
    assert math.sqrt(widened(0.025, freedom)) * 1.959964 == pytest.approx(student, abs=6e-4)


def test_a_short_window_after_has_no_more_batches_than_the_window_before_in_that_time():
    before = Observed(Counts(24, 120), (Counts(4, 10), Counts(0, 10)) * 6)
    after = Observed(Counts(0, 60), (Counts(0, 5),) * 12, most_batches=12)

    batches = [estimate_steadily(before, after, length).batches[1] for length in (0.01, 0.25, 1, 9)]

    assert batches == [1, 3, 12, 12]


def test_records_without_a_failure_change_nothing_once_the_last_failure_is_known():
    before = Observed(Counts(24, 120), (Counts(4, 10), Counts(0, 10)) * 6)
    then = Observed(Counts(9, 90), (Counts(9, 10), *[Counts(0, 10)] * 8))
    later = [
        Observed(Counts(9, 90 + n), (Counts(9, 90 + n),), most_batches=12, at_last_failure=then)
        for n in (0, 900)
    ]

    assert len({estimate_steadily(before, after, 1) for after in later}) == 1
