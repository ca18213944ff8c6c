"""What looking again costs, and when it counts."""

from __future__ import annotations

import pytest

from diagnosis.statistics.alpha_spending import (
    EVER_IMPROVED,
    EVER_REGRESSED,
    NO_ANALYSIS,
    InterimAnalysis,
    tails,
)


def test_all_looks_together_err_as_often_as_promised():
    looks = range(1, 100_000)

    assert sum(tails(look).high for look in looks) == pytest.approx(EVER_IMPROVED, rel=1e-4)
    assert sum(tails(look).low for look in looks) == pytest.approx(EVER_REGRESSED, rel=1e-4)


def test_the_first_look_waits_for_enough_and_the_next_for_twice_as_much():
    assert not NO_ANALYSIS.is_due(4.5, first=4.6)
    assert NO_ANALYSIS.is_due(4.6, first=4.6)
    assert not InterimAnalysis(1, 10.0).is_due(19.9, first=4.6)
    assert InterimAnalysis(1, 10.0).is_due(20.0, first=4.6)


def test_an_agent_that_asks_every_ten_minutes_looks_seldom():
    look = NO_ANALYSIS
    for poll in range(1, 6 * 24 * 7 + 1):
        if look.is_due(float(poll), first=4.6):
            look = look.next(float(poll))

    assert look.number == 8
