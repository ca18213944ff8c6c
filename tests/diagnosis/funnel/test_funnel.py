"""The funnel on lives that were worked out by hand: a window of 14 days that ends on Monday, 15 June 2026."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from diagnosis.funnel.figures import funnel
from diagnosis.funnel.loop_lives import NONE_SEEN, LifeEvent, LoopLife, Period, verified_times, waits
from diagnosis.loops.urgency import SeenHarm

END = datetime(2026, 6, 15, tzinfo=UTC)
WINDOW = Period(END - timedelta(days=14), END)


def at(day: float) -> datetime:
    """So many days after the window began."""
    return WINDOW.start + timedelta(days=day)


def life(
    state: str, *events: tuple[float, str], first_seen: float = 0, seen: SeenHarm = NONE_SEEN
) -> LoopLife:
    """A loop with its events, each at a day of the window."""
    return LoopLife("p", state, at(first_seen), [LifeEvent(at(day), what) for day, what in events], seen)


FIXED = life("held", (1, "proposed"), (2, "approve"), (4, "shipped"), (8, "held"), (9, "held"), first_seen=0)
SLOW = life("shipped", (2, "proposed"), (6, "approve"), (10, "shipped"), first_seen=1)
OPEN = life("proposed", (12, "proposed"), first_seen=3)


def test_each_stage_has_how_many_stand_there_who_came_and_the_medians() -> None:
    found = funnel(
        [FIXED, SLOW, OPEN, life("rejected", (3, "proposed"), (5, "reject"), first_seen=2)], WINDOW
    )

    day = 86_400
    assert [(one.stage, one.now, one.reached) for one in found.stages] == [
        ("proposed", 1, 4), ("decided", 0, 3), ("shipped", 1, 2), ("verified", 1, 1),
    ]  # fmt: skip
    assert [one.from_first_seen_seconds for one in found.stages] == [1 * day, 3 * day, 6.5 * day, 8 * day]
    assert [one.from_stage_before_seconds for one in found.stages] == [1 * day, 2 * day, 3 * day, 4 * day]
    assert (found.states["rejected"], found.states["held"], found.states["returned"]) == (1, 1, 0)


def test_a_fix_counts_once_each_time_that_it_shipped_and_held() -> None:
    again = life(
        "held", (1, "proposed"), (1, "approve"), (2, "shipped"), (3, "held"), (4, "held"), (5, "regressed"),
        (6, "approve"), (7, "shipped"), (10, "held"),
    )  # fmt: skip

    found = funnel([again, FIXED], WINDOW)

    assert list(verified_times(again)) == [at(3), at(10)]
    assert (found.verified, found.regressed, found.verified_a_week) == (3, 1, 1.5)
    assert [(week.starts_at, week.verified, week.regressed) for week in found.weeks] == [
        (at(0), 1, 1), (at(7), 2, 0),
    ]  # fmt: skip


def test_what_is_proposed_approved_or_shipped_is_not_a_fix() -> None:
    found = funnel([SLOW, OPEN, life("approved", (1, "proposed"), (2, "approve"))], WINDOW)

    assert (found.verified, found.verified_a_week, [week.verified for week in found.weeks]) == (0, 0, [0, 0])


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(1, "proposed"), (3, "approve")], [(1, 3)]),
        ([(1, "proposed"), (2, "return"), (5, "answered"), (6, "reject")], [(1, 2), (5, 6)]),
        (
            [(1, "proposed"), (2, "approve"), (4, "outdated"), (5, "outdated"), (7, "approve")],
            [(1, 2), (4, 7)],
        ),
        ([(1, "proposed"), (2, "reject"), (9, "grew")], [(1, 2), (9, 14)]),
        (
            [(1, "proposed"), (2, "approve"), (3, "shipped"), (4, "held"), (13, "regressed")],
            [(1, 2), (13, 14)],
        ),
        ([], []),
    ],
)
def test_a_loop_waits_from_what_puts_it_to_a_human_until_the_decision(
    events: list[tuple[float, str]], expected: list[tuple[float, float]]
) -> None:
    assert list(waits(life("proposed", *events), END)) == [Period(at(one), at(two)) for one, two in expected]


def test_waiting_costs_what_was_seen_for_as_long_as_it_waited() -> None:
    in_a_week = SeenHarm(14, 4, 4, 7_000, 7 * 86_400)
    long_ago = life("proposed", (-10, "proposed"), seen=in_a_week)  # 14 of its 24 days
    in_seconds = SeenHarm(100, 10, 10, 0, 20)
    decided = life("approved", (1, "proposed"), (2.5, "approve"), seen=in_seconds)  # 1.5 days

    cost = funnel([long_ago, decided], WINDOW).waiting

    assert (cost.loops, cost.now, cost.days, cost.longest_seconds) == (2, 1, 15.5, 24 * 86_400)
    assert (cost.failures, cost.people, cost.tokens) == (2 * 14 + 150, 4 + 10, 14_000)


def test_what_happened_before_the_window_is_not_counted_in_it() -> None:
    old = life("held", (-9, "proposed"), (-8, "approve"), (-7, "shipped"), (-5, "held"), first_seen=-10)

    found = funnel([old], WINDOW)

    assert [(one.now, one.reached, one.from_first_seen_seconds) for one in found.stages] == [
        (0, 0, None), (0, 0, None), (0, 0, None), (1, 0, None),
    ]  # fmt: skip
    assert (found.verified, found.waiting.loops, found.waiting.longest_seconds) == (0, 0, None)


def test_no_loops_are_a_funnel_of_nothing() -> None:
    found = funnel([], WINDOW)

    assert sum(found.states.values()) == found.waiting.days == found.verified == 0


def test_a_week_that_the_window_cuts_begins_with_the_window() -> None:
    window = Period(datetime(2026, 6, 3, 12, tzinfo=UTC), END)

    assert [week.starts_at for week in funnel([], window).weeks] == [
        window.start, datetime(2026, 6, 8, tzinfo=UTC),
    ]  # fmt: skip


def test_a_producers_clock_that_is_ahead_makes_no_time_negative() -> None:
    found = funnel([life("proposed", (1, "proposed"), first_seen=2)], WINDOW)

    assert found.stages[0].from_first_seen_seconds == 0
