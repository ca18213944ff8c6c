"""Our statistics, written without dependencies, agree with SciPy's, which was written by others."""

from __future__ import annotations

import math
from itertools import accumulate, product
from statistics import fmean, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from diagnosis.issues.hints.hint import HintTable
from diagnosis.issues.hints.search import g_of_chance, g_test
from diagnosis.statistics.beta import log_odds_quantile
from diagnosis.statistics.duration_tests import DurationSamples as Durations
from diagnosis.statistics.duration_tests import chance_of_exceeding, logarithms, moderated_t, z_score
from diagnosis.statistics.e_process import (
    EXCESSES,
    FALSE_ALARM,
    MOST_LOG,
    Bet,
    Held,
    strongest_evidence,
)
from diagnosis.statistics.fisher import WindowCounts, p_value
from diagnosis.statistics.hypergeometric import all_in_part
from diagnosis.statistics.overdispersion import Overdispersion, widened
from diagnosis.statistics.rates import Counts, Tails, odds, rate_ratio
from diagnosis.verification.trajectory import mean_with_interval, share_with_interval

SHAPES = [0.5, 1, 1.5, 2, 7, 40.5, 1000, 123_456, 10_000_000]
TAILS = [1e-6, 0.0003, 0.0122, 0.025, 0.05, 0.1]
FEW = settings(max_examples=60, deadline=None, derandomize=True)
durations = st.lists(st.floats(0.1, 1e6), min_size=2, max_size=40)


def approx(value: float) -> object:
    """Equal to 7 digits; exactly 0 only for 0."""
    return pytest.approx(float(value), rel=1e-7, abs=1e-300)


@pytest.mark.parametrize(("a", "b"), list(product(SHAPES, SHAPES)))
def test_quantiles_of_the_beta_distribution(a: float, b: float) -> None:
    for tail in TAILS:
        p = special.betaincinv(a, b, tail)
        log_odds = log_odds_quantile(tail, a, b)

        assert special.betainc(a, b, special.expit(log_odds)) == pytest.approx(tail, rel=1e-5)
        if 1e-290 < p < 0.999_999:
            assert log_odds == pytest.approx(special.logit(p), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 11, 22, 100, 4_999])
def test_quantiles_of_students_t(freedom: int) -> None:
    for tail in TAILS:
        student, normal = stats.t.isf(tail, freedom), stats.norm.isf(tail)

        assert widened(tail, freedom) == approx((student / normal) ** 2)


@given(
    hits=st.integers(0, 10_000), misses=st.integers(0, 10_000), confidence=st.sampled_from([0.8, 0.95, 0.999])
)
@FEW
def test_the_interval_of_a_share(hits: int, misses: int, confidence: float) -> None:
    tail = (1 - confidence) / 2
    if hits + misses == 0:
        return
    exact = stats.binomtest(hits, hits + misses).proportion_ci(confidence, method="exact")

    low, high = odds(hits, misses, Tails(tail, tail))

    assert low / (1 + low) == approx(exact.low)
    assert (high / (1 + high) if math.isfinite(high) else 1.0) == approx(exact.high)


def test_the_interval_of_a_success_rate_that_has_no_failure_or_no_success() -> None:
    for hits, number in ((0, 5), (5, 5), (1, 1), (0, 1)):
        exact = stats.binomtest(hits, number).proportion_ci(0.95, method="exact")

        shown = share_with_interval(hits, number)

        assert shown is not None
        assert (shown["low"], shown["high"]) == (approx(exact.low), approx(exact.high))


@given(st.integers(0, 200), st.integers(1, 10**6), st.integers(0, 10**6))
@FEW
def test_the_chance_that_all_events_fall_into_one_part(events: int, part: int, rest: int) -> None:
    if events > part + rest:
        return
    exact = stats.hypergeom.pmf(events, part + rest, events, part)

    assert all_in_part(events, part, part + rest) == pytest.approx(exact, rel=1e-6, abs=1e-300)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(50, 10**6), st.integers(50, 10**6))
@FEW
def test_the_interval_of_a_ratio_of_rates_is_that_of_the_conditional_binomial_law(
    first: int, second: int, exposed_first: int, exposed_second: int
) -> None:
    compared = rate_ratio(Counts(first, exposed_first), Counts(second, exposed_second))

    def conditional(bound: float) -> float:
        """The share of the failures that fall on the second side at that ratio of rates."""
        return bound * exposed_second / (exposed_first + bound * exposed_second)

    if second:
        reached = stats.binom.sf(second - 1, first + second, conditional(compared.low))
        assert reached == pytest.approx(0.025, rel=1e-5)
    if first:
        reached = stats.binom.cdf(second, first + second, conditional(compared.high))
        assert reached == pytest.approx(0.025, rel=1e-5)
    assert (compared.low == 0) == (second == 0)
    assert (compared.high == math.inf) == (first == 0)


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=50))
@FEW
def test_the_interval_of_a_mean(values: list[int]) -> None:
    shown = mean_with_interval(values)
    assert shown is not None
    error = stats.sem(values)

    reach = stats.t.isf(0.025, len(values) - 1) * error

    assert shown["high"] == pytest.approx(shown["value"] + reach)
    assert shown["low"] == pytest.approx(max(0.0, shown["value"] - reach), abs=1e-6)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(30, 5_000), st.integers(30, 5_000))
@FEW
def test_fishers_exact_test(now: int, before: int, exposed_now: int, exposed_before: int) -> None:
    table = [[now, before], [exposed_now - now, exposed_before - before]]

    theirs = stats.fisher_exact(table, alternative="greater").pvalue

    assert p_value(WindowCounts(Counts(now, exposed_now), Counts(before, exposed_before))) == approx(theirs)


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.integers(1, 60))
@FEW
def test_the_g_test(failed_with: int, healthy_with: int, failed_without: int, healthy_without: int) -> None:
    table = [[failed_with, healthy_with], [failed_without, healthy_without]]
    theirs = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    failures, healthy = failed_with + failed_without, healthy_with + healthy_without

    g = g_test(failed_with, failed_with + healthy_with, failures, failures + healthy)

    assert g == pytest.approx(theirs.statistic, rel=1e-7, abs=1e-9)
    if 1e-12 < theirs.pvalue < 1:
        assert g_of_chance(theirs.pvalue) == pytest.approx(g, rel=1e-6, abs=1e-9)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
@FEW
def test_a_hint_is_judged_by_fishers_test(
    failed: int, others: int, failed_else: int, others_else: int
) -> None:
    theirs = stats.fisher_exact([[failed, others], [failed_else, others_else]], alternative="greater").pvalue

    table = HintTable(failed, others, failed + failed_else, others + others_else)

    assert table.p == pytest.approx(theirs, rel=1e-6, abs=1e-250)


@given(before=durations, now=durations)
@FEW
def test_the_rank_test_has_the_standard_statistic_and_is_never_surer_than_scipys_which_counts_ties(
    before: list[float], now: list[float]
) -> None:
    theirs = stats.mannwhitneyu(now, before, alternative="greater", method="asymptotic", use_continuity=False)
    n, m = len(before), len(now)

    z = z_score(before, now)

    assert z * math.sqrt(n * m * (n + m + 1) / 12) + n * m / 2 == pytest.approx(theirs.statistic)
    if len({*before, *now}) == n + m:
        assert stats.norm.sf(z) == approx(theirs.pvalue)
    elif z > 0 and len({*before, *now}) > 1:
        assert stats.norm.sf(z) >= theirs.pvalue - 1e-12


@given(before=durations, now=durations)
@FEW
def test_the_moderated_t_is_students_where_what_is_lent_equals_what_is_there(
    before: list[float], now: list[float]
) -> None:
    sides = Durations(before, now)
    n, m = len(before), len(now)
    (mean_before, deviation_before), (mean_now, deviation_now) = (
        (fmean(side), stdev(side)) for side in (logarithms(before), logarithms(now))
    )
    pooled = ((n - 1) * deviation_before**2 + (m - 1) * deviation_now**2) / (n + m - 2)
    if pooled < 1e-6:
        return

    theirs = stats.ttest_ind_from_stats(mean_now, deviation_now, m, mean_before, deviation_before, n)

    assert moderated_t(sides, pooled) == pytest.approx(theirs.statistic, rel=1e-6, abs=1e-9)


def test_the_chance_of_exceedances() -> None:
    for now, before in product([1, 5, 30, 200], [1, 4, 30, 150]):
        for beyond in {0, before // 10, before - 1}:
            for number in {0, 1, now // 2, now}:
                theirs = stats.nhypergeom.sf(number - 1, now + before, now, beyond + 1)

                ours = chance_of_exceeding(number, now, beyond, before)

                assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-12), (number, now, beyond, before)


@given(st.floats(0.1, 500), st.floats(1, 20), st.floats(0.001, 10), st.integers(1, 40))
@FEW
def test_the_chance_of_no_failure_is_that_of_the_negative_binomial_law(
    expected: float, design_effect: float, burst_variance: float, batches: int
) -> None:
    overdispersion = Overdispersion(design_effect, burst_variance, (1, batches))
    a_batch = expected / design_effect / batches

    theirs = -batches * stats.nbinom.logpmf(0, 1 / burst_variance, 1 / (1 + burst_variance * a_batch))

    assert overdispersion.absence(expected) == pytest.approx(theirs, rel=1e-6)


@FEW
@given(
    st.integers(0, 30), st.floats(0.5, 5_000), st.integers(0, 30), st.floats(1, 5_000), st.floats(1e-5, 0.2)
)
def test_bets_are_ratios_of_likelihoods(
    sessions: int, exposure: float, before: int, exposure_before: float, rate: float
) -> None:
    bet, mean = Bet(sessions, exposure, before, exposure_before), rate * exposure
    against_allowed = [
        stats.poisson.logpmf(sessions, excess * mean) - stats.poisson.logpmf(sessions, mean)
        for excess in EXCESSES
    ]
    shares = [excess * exposure / (exposure_before + excess * exposure) for excess in (1.0, *EXCESSES)]
    usual, *likelier = (stats.binom.logpmf(sessions, before + sessions, share) for share in shares)

    assert bet.wealth_against_allowed(rate) == pytest.approx(
        fmean(math.exp(min(log, MOST_LOG)) for log in against_allowed), rel=1e-6, abs=1e-250
    )
    assert bet.wealth_against_before() == pytest.approx(
        fmean(math.exp(log - usual) for log in likelier), rel=1e-6, abs=1e-250
    )


@pytest.mark.parametrize("rate", [0.01, 0.002, 0.0])
def test_the_e_process_seldom_alarms_however_often_one_looks(rate: float) -> None:
    runs, records = 300, 4_000
    gaps = (
        stats.geom.rvs(rate, size=(runs, 60), random_state=20_240_501) if rate else [[] for _ in range(runs)]
    )
    held = stats.binom.rvs(300, rate, size=runs, random_state=20_240_502)

    alarms = 0
    for distances, failures in zip(gaps, held, strict=True):
        within = [
            float(gap) for gap, at in zip(distances, accumulate(distances), strict=True) if at <= records
        ]
        found = strongest_evidence(within, Held(0.01, Counts(int(failures), 300)))
        alarms += found is not None and found.is_enough

    assert alarms / runs <= FALSE_ALARM
