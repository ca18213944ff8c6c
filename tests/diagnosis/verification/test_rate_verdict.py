"""The judge: every verdict, what looking again costs, and what must be true of any counts."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.models import Verification
from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import EVER_HELD, InterimAnalysis
from diagnosis.statistics.overdispersion import Overdispersion
from diagnosis.statistics.rates import Counts
from diagnosis.verification.rate_verdict import ENOUGH, information, judge_rates
from tests.diagnosis.count_strategies import LARGE, some_counts

RANK = {"held": 0, "improved": 1, "unchanged": 2, "inconclusive": 2, "regressed": 3}
IN_BURSTS = Overdispersion(burst_variance=0.5, batches=(12, 12), freedom=22)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (Counts(40, 100), Counts(0, 0), "no_traffic"),
        (Counts(40, 100), Counts(0, 12), "held"),  # 4.8 expected
        (Counts(40, 100), Counts(0, 11), "inconclusive"),  # 4.4 expected: too early for a look
        (Counts(1000, 2000), Counts(3, 2000), "held"),  # a three-hundredth remains
        (Counts(400, 1000), Counts(39, 1000), "held"),  # a tenth
        (Counts(400, 1000), Counts(45, 1000), "improved"),
        (Counts(40, 100), Counts(5, 100), "improved"),
        (Counts(4000, 10_000), Counts(3500, 10_000), "unchanged"),  # less, beyond chance, but hardly
        (Counts(200, 1000), Counts(205, 1000), "unchanged"),
        (Counts(4000, 10_000), Counts(4500, 10_000), "unchanged"),
        (Counts(5, 1000), Counts(60, 1000), "regressed"),
        (Counts(5, 100), Counts(4, 100), "inconclusive"),
        (Counts(1, 100), Counts(0, 500), "inconclusive"),  # one failure before is hardly a rate
        (Counts(0, 0), Counts(3, 10), "inconclusive"),
        (Counts(0, 0), Counts(0, 10), "inconclusive"),
        (Counts(0, 500), Counts(0, 500), "inconclusive"),
        (Counts(0, 500), Counts(20, 500), "regressed"),
        (Counts(0, 500), Counts(1, 5), "inconclusive"),  # a single failure is never a regression
        (Counts(0, 500), Counts(4, 5), "inconclusive"),  # nor are four
        (Counts(100, 100), Counts(0, 5), "held"),
    ],
)
def test_the_verdict_follows_from_failures_and_exposure_on_both_sides(before, after, verdict):
    found = judge_rates(before, after)

    assert found.verdict == verdict


def test_rates_are_compared_and_not_counts():
    fewer_failures_of_far_less_traffic = judge_rates(before=Counts(100, 10_000), after=Counts(50, 500))

    assert fewer_failures_of_far_less_traffic.verdict == "regressed"


def test_the_reason_is_a_sentence_with_the_counts():
    found = judge_rates(before=Counts(40, 1000), after=Counts(0, 2500))

    assert found.reason == "No failure in 2,500 records; at the rate before, about 100 were to be expected."


@pytest.mark.parametrize(
    ("after", "alone", "in_bursts"),
    [
        (Counts(60, 1000), "improved", "inconclusive"),
        (Counts(160, 1000), "regressed", "inconclusive"),
        (Counts(0, 50), "held", "inconclusive"),
        (Counts(0, 1000), "held", "held"),
        (Counts(900, 1000), "regressed", "regressed"),
    ],
)
def test_failures_in_bursts_need_more_evidence(after, alone, in_bursts):
    before = Counts(100, 1000)

    found = judge_rates(before, after).verdict, judge_rates(before, after, IN_BURSTS).verdict

    assert found == (alone, in_bursts)


def test_failures_of_few_sessions_need_more_evidence():
    before, after = Counts(40, 1000), Counts(0, 200)

    found = judge_rates(before, after, Overdispersion(design_effect=8)).verdict

    assert (judge_rates(before, after).verdict, found) == ("held", "inconclusive")


def test_a_look_too_soon_after_the_last_decides_nothing():
    before, last = Counts(40, 100), InterimAnalysis(1, 10.0)

    soon, later = judge_rates(before, Counts(3, 49), last=last), judge_rates(before, Counts(3, 50), last=last)

    assert (soon.verdict, soon.analysis) == ("inconclusive", last)
    assert (later.verdict, later.analysis) == ("improved", InterimAnalysis(2, 20.0))


def test_whether_a_fix_held_does_not_depend_on_looks():
    found = judge_rates(Counts(40, 100), Counts(0, 12), last=InterimAnalysis(7, 1e6))

    assert (found.verdict, found.analysis) == ("held", InterimAnalysis(7, 1e6))


@given(
    st.integers(5, 200),
    st.integers(0, 4),
    st.integers(1, 60),
    st.builds(
        Overdispersion,
        design_effect=st.floats(1, 4),
        burst_variance=st.floats(0, 1),
        batches=st.just((12, 12)),
        freedom=st.integers(8, 22),
    ),
)
def test_what_is_needed_never_grows_while_nothing_fails_however_often_somebody_looks(
    failures, failed_since, step, overdispersion
):
    before, exposure, last = Counts(failures, 500), failed_since + 1, InterimAnalysis()
    first = judge_rates(before, Counts(failed_since, exposure), overdispersion, last)
    assert first.needed is not None
    for _ in range(12):
        exposure, last = exposure + step, first.analysis

        found = judge_rates(before, Counts(failed_since, exposure), overdispersion, last)

        assert found.needed == max(0, first.needed - step) or found.verdict == "unchanged"
        if found.verdict == "unchanged":
            break
        first = found


def test_no_more_than_its_budget_is_spent_on_held():
    spent = (
        alpha_spending.held_tail(0),
        sum(alpha_spending.held_tail(failures) for failures in range(1, 10_000)),
    )

    assert spent == (EVER_HELD, pytest.approx(6 / math.pi**2 * EVER_HELD * 1.644834, rel=1e-3))
    assert sum(spent) <= 2 * EVER_HELD


def test_each_look_asks_for_more():
    highs = [
        judge_rates(Counts(40, 1000), Counts(5, 1000), last=InterimAnalysis(n, 0.0)).ratio.high
        for n in range(5)
    ]

    assert highs == sorted(highs)


@given(some_counts(), some_counts())
def test_any_counts_get_a_verdict_and_a_sentence(before, after):
    found = judge_rates(before, after)

    assert found.verdict in Verification.Verdict.values
    assert found.reason[0].isupper() or found.reason[0].isdigit()
    assert found.reason.endswith(".")
    assert 0 <= found.ratio.low <= found.ratio.high


@given(some_counts(), st.integers(1, LARGE), st.data())
def test_one_failure_more_never_makes_a_better_verdict(before, exposure, data):
    failures = data.draw(st.integers(0, min(exposure - 1, 30)) | st.integers(0, exposure - 1))

    fewer, more = (
        judge_rates(before, Counts(failures, exposure)),
        judge_rates(before, Counts(failures + 1, exposure)),
    )

    assert fewer.ratio.low <= more.ratio.low
    if fewer.tails == more.tails:
        assert fewer.ratio.high <= more.ratio.high * (1 + 1e-9)
    if fewer.analysis.number:  # a failure can be what makes the first look due
        assert RANK[fewer.verdict] <= RANK[more.verdict]


@given(some_counts(), some_counts())
def test_what_is_needed_is_enough_and_not_one_more_than_needed(before, after):
    found = judge_rates(before, after)

    if found.needed:
        enough, less = (
            judge_rates(
                before, Counts(after.failures, after.exposure + found.needed - short), last=found.analysis
            )
            for short in (0, 1)
        )
        assert enough.verdict == "held"
        assert less.verdict != "held" or found.needed == 1
    elif found.needed == 0:
        assert found.verdict == "held"


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_held_is_said_only_where_chance_is_below_one_percent(failures, exposure):
    before = Counts(min(failures, exposure), exposure)

    needed = judge_rates(before, Counts(0, 0)).needed

    assert needed is not None
    assert (1 - before.failures / exposure) ** needed < math.exp(-ENOUGH) + 1e-12


def test_what_is_known_is_what_came_or_should_have():
    assert information(Counts(40, 100), Counts(3, 100)) == 40
    assert information(Counts(0, 100), Counts(3, 100)) == 3
