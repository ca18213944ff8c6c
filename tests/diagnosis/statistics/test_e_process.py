"""Evidence that a failure is back: bets that win nothing while the allowed rate is kept."""

from __future__ import annotations

import math
import random

import pytest

from diagnosis.statistics.e_process import FALSE_ALARM, Block, blocks_in_order, is_back, wealth_of_bets

ALLOWED = 0.01
QUIET = [Block(100, 0)] * 50


def test_without_a_record_nothing_is_won():
    assert wealth_of_bets([], ALLOWED) == 1


def test_one_bet_by_hand():
    # Half of the capital is bet at the first block. Two failures, one expected: e^-(c - 1) c^2 for each c.
    won = [math.exp(-(c - 1)) * c**2 for c in (2, 4, 8, 16)]

    assert wealth_of_bets([Block(100, 2)], ALLOWED) == pytest.approx(0.5 + 0.5 * sum(won) / 4)


@pytest.mark.parametrize("excess", [2.0, 8.0])
def test_a_bet_gains_nothing_on_average_at_the_allowed_rate(excess):
    law = [math.exp(-1) / math.factorial(k) for k in range(60)]

    mean = math.fsum(p * math.exp(-(excess - 1)) * excess**k for k, p in enumerate(law))

    assert mean == pytest.approx(1)


@pytest.mark.parametrize(
    ("since", "back"),
    [
        (QUIET, False),
        ([*QUIET, Block(100, 1)], False),
        ([Block(1, 1)], False),
        ([Block(2, 2)], False),  # two strays
        ([Block(100, 1)] * 50, False),  # what was allowed
        ([Block(100, 10)], True),
        ([*QUIET * 10, Block(100, 12)], True),  # a long quiet time hides nothing
        ([Block(100, 4)] * 10, True),
    ],
)
def test_a_failure_is_back_above_what_was_allowed(since, back):
    assert is_back(since, ALLOWED) is back


def test_nobody_is_alarmed_at_the_allowed_rate_however_often_they_look():
    chance, alarms = random.Random(1), 0
    for _ in range(200):
        since = [Block(100, sum(chance.random() < ALLOWED for _ in range(100))) for _ in range(60)]
        alarms += any(is_back(since[:end], ALLOWED) for end in range(6, 61, 6))

    assert alarms / 200 <= 3 * FALSE_ALARM


def test_even_endless_failures_have_a_finite_capital():
    assert math.isfinite(wealth_of_bets([Block(1000, 1000)] * 500, 1e-9))


def test_blocks_are_in_order_and_quiet_ones_count():
    found = blocks_in_order({9: 3, 1: 12, 2: 1}, failed=[1, 2, 2])

    assert found == [Block(12, 1), Block(1, 2), Block(3, 0)]
