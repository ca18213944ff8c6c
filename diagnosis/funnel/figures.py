"""
How far fixes get, how long each step takes, and what waiting for a human cost. Pure functions on rows.

Counted is what held, never what was generated, approved or shipped. Published: docs/funnel.md#the-funnel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from diagnosis.funnel.loop_lives import STAGES, STANDS_AT, Life, Period, reached, regressions, verified, waits
from diagnosis.models import Loop

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way. Medians are in seconds, of the loops that reached it in the window; None for none."""

    stage: str
    now: int  # loops that stand here
    reached: int  # loops that came here in the window, for the first time
    from_first_seen_seconds: int | None
    from_stage_before_seconds: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """Verified fixes and regressions of a week that begins on a Monday, UTC; cut by the window."""

    starts_at: datetime
    verified: int
    regressed: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waiting for a human cost in the window, estimated: each loop's numbers a day, times the days it waited."""

    loops: int  # that waited at some time in the window
    now: int
    longest_seconds: int | None  # of those that wait now
    days: float  # of all loops together
    failures: int
    people: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """The whole of it, for some loops and one window."""

    stages: list[Stage]
    states: dict[str, int]  # how many loops are in each now
    verified: int  # fixes that held, in the window
    regressed: int
    verified_a_week: float
    weeks: list[Week]
    waiting: Waiting


def funnel(lives: Sequence[Life], window: Period) -> Funnel:
    """The funnel of these loops; `window` ends now."""
    holds = [at for life in lives for at in verified(life) if window.holds(at)]
    returns = [at for life in lives for at in regressions(life) if window.holds(at)]
    stood = Counter(life.state for life in lives)
    return Funnel(
        stages=stages(lives, window),
        states={state.value: stood[state] for state in Loop.State},
        verified=len(holds),
        regressed=len(returns),
        verified_a_week=round(len(holds) / ((window.end - window.start) / WEEK), 2),
        weeks=[
            Week(week.start, *(sum(map(week.holds, times)) for times in (holds, returns)))
            for week in weeks(window)
        ],
        waiting=waiting(lives, window),
    )


def stages(lives: Sequence[Life], window: Period) -> list[Stage]:
    """Each step with the time to it."""
    ways = [(life.first_seen, reached(life)) for life in lives]
    stood = Counter(STANDS_AT.get(Loop.State(life.state)) for life in lives)
    found = []
    for place, stage in enumerate(STAGES):
        here = [(seen, way) for seen, way in ways if stage in way and window.holds(way[stage])]
        since_seen = [way[stage] - seen for seen, way in here if seen]
        before = STAGES[place - 1] if place else ""
        since_before = [way[stage] - way[before] for _, way in here if before in way] if place else since_seen
        found.append(Stage(stage, stood[stage], len(here), middle(since_seen), middle(since_before)))
    return found


def waiting(lives: Iterable[Life], window: Period) -> Waiting:
    """What the waits in the window cost together."""
    spans = [(life, [wait for wait in waits(life, window.end) if wait.cut(window)]) for life in lives]
    days = [(life.cost, sum(wait.cut(window) / DAY for wait in found)) for life, found in spans]
    open_since = [found[-1].start for _, found in spans if found and found[-1].end == window.end]
    return Waiting(
        loops=sum(bool(found) for _, found in spans),
        now=len(open_since),
        longest_seconds=max((seconds(window.end - start) for start in open_since), default=None),
        days=round(sum(number for _, number in days), 2),
        failures=round(sum(cost.failures_a_day * number for cost, number in days)),
        people=round(sum(cost.people_a_day * number for cost, number in days)),
        tokens=round(sum(cost.tokens_a_day * number for cost, number in days)),
    )


def weeks(window: Period) -> Iterator[Period]:
    """The weeks that the window touches, each cut to it."""
    monday = (window.start - window.start.weekday() * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    while monday < window.end:
        yield Period(max(monday, window.start), min(monday + WEEK, window.end))
        monday += WEEK


def middle(times: Sequence[timedelta]) -> int | None:
    """The median in seconds; never below nothing, since clocks of producers are ahead at times."""
    return max(0, round(median(time.total_seconds() for time in times))) if times else None


def seconds(time: timedelta) -> int:
    """Whole seconds."""
    return round(time.total_seconds())
