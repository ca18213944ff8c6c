"""
The figures of the funnel: stages, times, verified fixes, and the cost of waiting for a human. Pure functions on rows.

Only fixes that held count as verified, never those that were generated, approved or shipped. Published in
docs/funnel.md#the-funnel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from diagnosis.funnel.loop_lives import (
    DAY,
    DECIDED,
    NO_TIME,
    STAGES,
    STANDS_AT,
    VERIFIED,
    LoopLife,
    Period,
    reached,
    regressions,
    verified_times,
    waits,
)
from diagnosis.models import Loop

WEEK = timedelta(weeks=1)
LABELS = {DECIDED: "decided (approved or rejected)", VERIFIED: "verified (held)"}


@dataclass(frozen=True, slots=True)
class FunnelStage:
    """A stage of the funnel. Its times are medians of the loops that reached it in the window; None if none did."""

    stage: str
    now: int  # loops that are in this stage now
    reached: int  # loops that reached it in the window for the first time
    from_first_seen_seconds: int | None
    from_stage_before_seconds: int | None

    @property
    def label(self) -> str:
        """The stage for people, with what it takes to reach it where the word may mean more."""
        return LABELS.get(self.stage, self.stage)


@dataclass(frozen=True, slots=True)
class FunnelWeek:
    """Verified fixes and regressions of a week that starts on a Monday, UTC; the window may cut it short."""

    starts_at: datetime
    verified: int
    regressed: int


@dataclass(frozen=True, slots=True)
class WaitingCosts:
    """
    The estimated cost of waiting for a human in the window: of each loop, what was seen of its failure, for as long as
    it waited; of people no more than were seen.
    """

    loops: int  # that waited at some time in the window
    now: int  # loops that wait now
    longest_seconds: int | None  # the longest wait of those that wait now
    days: float  # of all loops together
    failures: int
    people: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The funnel of some loops in one window."""

    stages: list[FunnelStage]
    states: dict[str, int]  # number of loops in each state now
    verified: int  # fixes that held, in the window
    regressed: int
    verified_a_week: float
    weeks: list[FunnelWeek]
    waiting: WaitingCosts


def funnel(lives: Sequence[LoopLife], window: Period) -> Funnel:
    """The funnel of these loops; `window` ends now."""
    times_verified = [at for life in lives for at in verified_times(life) if window.holds(at)]
    times_regressed = [at for life in lives for at in regressions(life) if window.holds(at)]
    loops_by_state = Counter(life.state for life in lives)
    return Funnel(
        stages=stages(lives, window),
        states={state.value: loops_by_state[state] for state in Loop.State},
        verified=len(times_verified),
        regressed=len(times_regressed),
        verified_a_week=round(len(times_verified) / ((window.end - window.start) / WEEK), 2),
        weeks=[
            FunnelWeek(
                week.start, *(sum(map(week.holds, times)) for times in (times_verified, times_regressed))
            )
            for week in weeks(window)
        ],
        waiting=waiting_costs(lives, window),
    )


def stages(lives: Sequence[LoopLife], window: Period) -> list[FunnelStage]:
    """The stages in their order, with loops and times."""
    timelines = [(life.first_seen, reached(life)) for life in lives]
    loops_by_stage = Counter(STANDS_AT.get(Loop.State(life.state)) for life in lives)
    rows = []
    for index, stage in enumerate(STAGES):
        arrivals = [
            (first_seen, times)
            for first_seen, times in timelines
            if stage in times and window.holds(times[stage])
        ]
        since_first_seen = [times[stage] - first_seen for first_seen, times in arrivals if first_seen]
        previous = STAGES[index - 1] if index else ""
        since_previous = (
            [times[stage] - times[previous] for _, times in arrivals if previous in times]
            if index
            else since_first_seen
        )
        rows.append(
            FunnelStage(
                stage, loops_by_stage[stage], len(arrivals), middle(since_first_seen), middle(since_previous)
            )
        )
    return rows


def waiting_costs(lives: Iterable[LoopLife], window: Period) -> WaitingCosts:
    """The cost of all waits in the window together."""
    waits_by_life = [(life, [wait for wait in waits(life, window.end) if wait.cut(window)]) for life in lives]
    waited = [(life, sum((wait.cut(window) for wait in periods), NO_TIME)) for life, periods in waits_by_life]
    times_seen = [(life.seen, time / life.seen_in) for life, time in waited]
    open_since = [
        periods[-1].start for _, periods in waits_by_life if periods and periods[-1].end == window.end
    ]
    return WaitingCosts(
        loops=sum(bool(periods) for _, periods in waits_by_life),
        now=len(open_since),
        longest_seconds=max((seconds(window.end - start) for start in open_since), default=None),
        days=round(sum(time / DAY for _, time in waited), 2),
        failures=round(sum(seen.failures_seen * times for seen, times in times_seen)),
        people=round(sum(seen.people_seen * min(1.0, times) for seen, times in times_seen)),
        tokens=round(sum(seen.tokens_seen * times for seen, times in times_seen)),
    )


def weeks(window: Period) -> Iterator[Period]:
    """The weeks that overlap the window, each cut to it."""
    monday = (window.start - window.start.weekday() * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    while monday < window.end:
        yield Period(max(monday, window.start), min(monday + WEEK, window.end))
        monday += WEEK


def middle(times: Sequence[timedelta]) -> int | None:
    """The median in whole seconds, never negative, since producers' clocks may be ahead; None without times."""
    return max(0, round(median(time.total_seconds() for time in times))) if times else None


def seconds(time: timedelta) -> int:
    """The time in whole seconds."""
    return round(time.total_seconds())
