"""Durations before and after a fix, by how many exceed the quantiles of the window before."""

from __future__ import annotations

import random

import pytest

from diagnosis.statistics.alpha_spending import NO_ANALYSIS, InterimAnalysis
from diagnosis.verification.duration_verdict import FEWEST, judge_durations


def durations(number: int = 600, factor: float = 1, tail: float = 1, seed: int = 1) -> list[float]:
    """Log-normal milliseconds; `tail` stretches the slowest tenth."""
    chance = random.Random(seed)
    drawn = sorted(100 * factor * chance.lognormvariate(0, 0.5) for _ in range(number))
    return sorted(value * (tail if place > 0.9 * number else 1) for place, value in enumerate(drawn))


BEFORE = durations()


@pytest.mark.parametrize(
    ("after", "verdict"),
    [
        (durations(seed=2), "unchanged"),
        (durations(seed=2, factor=1.1), "inconclusive"),  # slower, by less than the least effect
        (durations(seed=2, factor=2), "regressed"),
        (durations(seed=2, tail=3), "regressed"),  # the slow ones alone
        (durations(seed=2, factor=0.7), "improved"),
        (durations(seed=2, factor=0.3), "held"),
        ([], "no_traffic"),
        (durations(FEWEST - 1, factor=5), "inconclusive"),
        (sorted([*durations(seed=2)[:-1], 1e6]), "unchanged"),  # one outlier
    ],
)
def test_the_verdict_follows_from_how_the_durations_moved(after, verdict):
    assert judge_durations(BEFORE, after).verdict == verdict


def test_slower_here_and_faster_there_is_no_verdict():
    before = [100.0 + n / 1000 for n in range(850)] + [2_000.0 + n for n in range(150)]
    after = [30.0] * 500 + [250.0] * 500

    assert judge_durations(before, after).verdict == "inconclusive"


def test_the_reason_names_the_quantile_that_moved():
    found = judge_durations(BEFORE, durations(seed=2, tail=3))

    assert found.reason.startswith("Slower: p9")
    assert found.reason.endswith(" ms over 600 records.")


def test_what_is_needed_is_said():
    assert judge_durations(BEFORE, [10.0] * 20).needed == FEWEST - 20
    assert judge_durations(BEFORE, [10.0] * FEWEST).needed == 0
    assert judge_durations(BEFORE[: FEWEST - 1], [10.0] * FEWEST).needed is None


def test_what_is_needed_never_grows_while_all_is_fast_however_often_somebody_looks():
    after, needed, last = [900.0, 950.0], list[int | None](), NO_ANALYSIS
    while not needed or needed[-1]:
        found = judge_durations(BEFORE, sorted(after), last=last)
        needed, last, after = [*needed, found.needed], found.analysis, [*after, *[10.0] * 7]

    assert needed == sorted(needed, reverse=True)
    assert found.verdict == "held"
    assert len(needed) == 1 - -needed[0] // 7  # as promised at first


def test_a_look_too_soon_after_the_last_decides_nothing():
    found = judge_durations(BEFORE, durations(599, factor=3), last=InterimAnalysis(1, 300.0))

    assert (found.verdict, found.analysis) == ("inconclusive", InterimAnalysis(1, 300.0))
