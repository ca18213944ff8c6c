"""Evidence that a failure is back: bets that win nothing while what is known of the fix stays true."""

from __future__ import annotations

import math
import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosis.statistics.e_process import (
    EXCESSES,
    FALSE_ALARM,
    Bet,
    Block,
    EValue,
    Held,
    blocks_in_order,
    distances_between,
    strongest_evidence,
)
from diagnosis.statistics.rates import Counts

ALLOWED = 0.01
QUIET = [Block(100, 0)] * 50
HELD = Held(ALLOWED, Counts(0, 200))


def evidence(blocks: list[Block], held: Held = HELD) -> EValue | None:
    """The strongest evidence of these blocks."""
    return strongest_evidence(distances_between(blocks), held)


def is_back(blocks: list[Block], held: Held = HELD) -> bool:
    """Whether the failure is back."""
    found = evidence(blocks, held)
    return found is not None and found.is_enough


def test_a_bet_against_the_allowed_rate_by_hand():
    # Three sessions failed within 100 records, of which one was allowed: e^-(c - 1) c^3 for each c.
    won = [math.exp(-(c - 1)) * c**3 for c in EXCESSES]

    assert Bet(3, 100, 0, 200).wealth_against_allowed(ALLOWED) == pytest.approx(sum(won) / 4)


def test_a_bet_against_what_was_before_by_hand():
    # All three failures are among the last 100 of 300 records; c times as often, the share of these is c / (c + 2).
    won = [((c / (c + 2)) / (1 / 3)) ** 3 for c in EXCESSES]

    assert Bet(3, 100, 0, 200).wealth_against_before() == pytest.approx(sum(won) / 4)


@given(st.integers(1, 30), st.floats(1, 1000), st.floats(1, 1000))
def test_a_bet_on_a_share_gains_nothing_on_average_whatever_the_rate(failures, before, since):
    share = since / (before + since)
    chances = [math.comb(failures, k) * share**k * (1 - share) ** (failures - k) for k in range(failures + 1)]

    won = [Bet(k, since, failures - k, before).wealth_against_before() for k in range(failures + 1)]

    assert sum(chance * wealth for chance, wealth in zip(chances, won, strict=True)) == pytest.approx(1)


def test_a_bet_gains_nothing_on_average_at_the_allowed_rate():
    law = [math.exp(-1) / math.factorial(k) for k in range(90)]

    mean = math.fsum(p * Bet(k, 100, 0, 200).wealth_against_allowed(ALLOWED) for k, p in enumerate(law))

    assert mean == pytest.approx(1)


@pytest.mark.parametrize(
    ("since", "back"),
    [
        ([], False),
        (QUIET, False),
        ([*QUIET, Block(100, 1)], False),
        ([Block(1, 1)], False),
        ([Block(2, 2)], False),  # two strays
        ([Block(100, 1)] * 50, False),  # what was allowed
        ([Block(100, 10)], True),
        ([*QUIET * 10, Block(100, 7)], True),  # a long quiet time hides nothing
        ([*QUIET * 10, Block(100, 7), *QUIET * 10], True),  # nor what comes after it
        ([Block(100, 4)] * 10, True),
    ],
)
def test_a_failure_is_back_above_what_was_allowed(since, back):
    assert is_back(since) is back


@pytest.mark.parametrize("rate_before", [0.03, 0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    ("held", "since", "back"),
    [
        (Counts(0, 220), Block(530, 18), True),
        (Counts(0, 200), Block(100, 14), True),
        (Counts(0, 100), Block(50, 7), True),
        (Counts(0, 40), Block(40, 9), True),
        (Counts(0, 200), Block(100, 2), False),
        (Counts(10, 600), Block(300, 5), False),  # as often as when it held
    ],
)
def test_failures_far_above_the_held_window_are_back_whatever_the_rate_was_before(
    held, since, back, rate_before
):
    allowed = rate_before / 10 if not held.failures else 0.017

    assert is_back([since], Held(allowed, held)) is back


@pytest.mark.parametrize("share_of_allowed", [0.0, 0.3, 1.0])
def test_nobody_is_alarmed_while_the_fix_goes_on_as_it_held(share_of_allowed):
    chance, alarms, runs = random.Random(1), 0, 60
    rate = ALLOWED * share_of_allowed
    for _ in range(runs):
        held = Held(ALLOWED, Counts(sum(chance.random() < rate for _ in range(300)), 300))
        since = [Block(100, sum(chance.random() < rate for _ in range(100))) for _ in range(60)]
        alarms += is_back(since, held)

    assert alarms / runs <= 2 * FALSE_ALARM


def test_even_endless_failures_have_a_finite_wealth():
    found = evidence([Block(1000, 1000)], Held(1e-9, Counts(0, 10**9)))

    assert found is not None
    assert math.isfinite(found.wealth)


def test_the_first_evidence_that_is_enough_ends_the_search():
    asked = iter([1.0] * 1000)

    found = strongest_evidence(asked, HELD)

    assert found is not None
    assert found.is_enough
    assert len(list(islice(asked, 1000))) > 990


def test_blocks_are_in_order_and_quiet_ones_count():
    found = blocks_in_order({9: 3, 1: 12, 2: 1}, failed=[1, 2, 2])

    assert found == [Block(12, 1), Block(1, 2), Block(3, 0)]


def test_failures_of_a_block_are_spread_evenly_over_its_records():
    assert list(distances_between([Block(10, 0), Block(30, 2), Block(8, 1)])) == [20, 10, 14]
