"""Counts weighed by stratum: they compare as each stratum does with itself, whatever the shares of traffic."""

from __future__ import annotations

import math
import random

import pytest

from diagnosis.statistics.rates import Counts
from diagnosis.statistics.strata import Stratum, weighed_before
from diagnosis.verification.rate_verdict import judge_rates

SHIFT = ((600, 60), (600, 1_500))  # records before and after of two environments, which fail at RATES
RATES = (0.3, 0.02)
CLAIMS = {"held", "improved", "regressed"}


def drawn(chance: random.Random, ratio: float, shift: tuple[tuple[int, int], ...]) -> list[Stratum]:
    """Independent failures of each environment before, and after at that ratio of its rate."""
    return [
        (count(chance, before, rate), count(chance, after, rate * ratio))
        for rate, (before, after) in zip(RATES, shift, strict=True)
    ]


def count(chance: random.Random, records: int, rate: float) -> Counts:
    """So many records, each of which fails by chance."""
    return Counts(sum(chance.random() < rate for _ in range(records)), records)


def verdicts(ratio: float, shift: tuple[tuple[int, int], ...] = SHIFT) -> tuple[list[str], list[str]]:
    """Verdicts by the sums of all environments, and by the weighed ones."""
    chance = random.Random(f"{ratio} {shift}")
    pooled, weighed = [], []
    for _ in range(60):
        strata = drawn(chance, ratio, shift)
        before, after = (sum(side, Counts(0, 0)) for side in zip(*strata, strict=True))
        pooled.append(judge_rates(before, after).verdict)
        weighed.append(judge_rates(weighed_before(strata), after).verdict)
    return pooled, weighed


@pytest.mark.parametrize("shift", [SHIFT, tuple((after, before) for before, after in SHIFT)])
def test_a_shift_of_traffic_is_neither_a_fix_nor_a_regression(shift: tuple[tuple[int, int], ...]) -> None:
    pooled, weighed = verdicts(1.0, shift)

    assert len([verdict for verdict in pooled if verdict in CLAIMS]) == 60
    assert not [verdict for verdict in weighed if verdict in CLAIMS]


def test_a_shift_hides_no_fix_and_no_regression() -> None:
    assert set(verdicts(0.0)[1]) == {"held"}
    assert set(verdicts(3.0)[1]) == {"regressed"}
    assert "regressed" not in verdicts(3.0)[0]


@pytest.mark.parametrize("failed", [(0, 0), (7, 2), (40, 30)])
def test_where_no_share_changes_the_sums_compare_as_they_are(failed: tuple[int, int]) -> None:
    strata = [(Counts(20, 100), Counts(failed[0], 200)), (Counts(3, 50), Counts(failed[1], 100))]

    assert weighed_before(strata) == Counts(23, 150)


def test_the_chance_that_none_comes_is_that_of_all_strata() -> None:
    strata = [(Counts(10, 1_000), Counts(0, 1_000)), (Counts(40, 100), Counts(0, 1))]

    weighed = weighed_before(strata)

    alone = 10 * math.log(1_000 / 2_000) + 40 * math.log(100 / 101)
    assert 50 * math.log(weighed.exposure / (weighed.exposure + 1_001)) == pytest.approx(alone, rel=1e-3)


def test_more_traffic_of_any_stratum_without_a_failure_never_takes_evidence_back() -> None:
    chance, strata = random.Random(3), [(Counts(10, 1_000), Counts(0, 0)), (Counts(40, 100), Counts(0, 0))]
    evidence = 0.0
    for _ in range(200):
        number = chance.randrange(2)
        before, after = strata[number]
        strata[number] = before, after + Counts(0, chance.randrange(1, 30))
        ran = sum(after.exposure for _, after in strata)
        expected = ran * (weighed_before(strata).rate or 0.0)
        assert expected >= 0.995 * evidence  # the weighed exposure is whole
        evidence = expected


def test_without_traffic_since_or_failures_the_sums_stay() -> None:
    quiet = [(Counts(3, 10), Counts(0, 0)), (Counts(1, 90), Counts(0, 0))]
    healthy = [(Counts(0, 10), Counts(0, 90)), (Counts(0, 90), Counts(0, 10))]

    assert (weighed_before(quiet), weighed_before(healthy)) == (Counts(4, 100), Counts(0, 100))


def test_failures_of_a_new_stratum_alone_are_nothing_to_compare() -> None:
    strata = [(Counts(0, 0), Counts(30, 60)), (Counts(4, 100), Counts(4, 100))]

    before, after = weighed_before(strata), Counts(34, 160)

    assert judge_rates(before, after).verdict == "inconclusive"
    assert weighed_before([(Counts(0, 0), Counts(30, 60))]) == Counts(0, 0)
