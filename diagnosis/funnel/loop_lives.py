"""
The life of one loop as the funnel sees it: when it came where, when it held, when it waited. Pure functions on rows.

Published: docs/funnel.md#the-funnel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from diagnosis.loops.urgency import Cost
from diagnosis.models import Decision, Loop, LoopEvent, Verification

State, Kind = Loop.State, LoopEvent.Kind
PROPOSED, DECIDED, SHIPPED, VERIFIED = STAGES = ("proposed", "decided", "shipped", "verified")
HELD = Verification.Verdict.HELD.value
DECIDES = (Decision.Verb.APPROVE.value, Decision.Verb.REJECT.value)
ENDS_WAITING = (*DECIDES, Decision.Verb.RETURN.value)
STARTS_WAITING = (
    Kind.PROPOSED.value, Kind.ANSWERED.value, Kind.REGRESSED.value, Kind.GREW.value, Kind.OUTDATED.value,
)  # fmt: skip
REACHED_BY = {Kind.PROPOSED.value: PROPOSED, Kind.SHIPPED.value: SHIPPED, HELD: VERIFIED} | dict.fromkeys(
    DECIDES, DECIDED
)
STANDS_AT = {  # a loop that a human rejected stands nowhere
    State.PROPOSED: PROPOSED,
    State.REGRESSED: PROPOSED,
    State.RETURNED: PROPOSED,
    State.APPROVED: DECIDED,
    State.SHIPPED: SHIPPED,
    State.INCONCLUSIVE: SHIPPED,
    State.HELD: VERIFIED,
}
NO_TIME = timedelta(0)
FREE = Cost(0, 0, 0)


class LifeEvent(NamedTuple):
    """What happened to a loop: a kind of LoopEvent, the verb of a decision, or the verdict of a verification."""

    at: datetime
    what: str


class Period(NamedTuple):
    """From when to when; also the window that is looked at."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether that moment lies in it."""
        return self.start <= at < self.end

    def cut(self, other: Period) -> timedelta:
        """How long both last together."""
        return max(min(self.end, other.end) - max(self.start, other.start), NO_TIME)


@dataclass(frozen=True, slots=True)
class Life:
    """One loop: where it stands, when its failure was first seen, what happened in order of time, what a day costs."""

    project_id: str
    state: str
    first_seen: datetime | None
    events: Sequence[LifeEvent]
    cost: Cost = FREE


def reached(life: Life) -> dict[str, datetime]:
    """When the loop came to each stage for the first time."""
    way: dict[str, datetime] = {}
    for at, what in life.events:
        if what in REACHED_BY:
            way.setdefault(REACHED_BY[what], at)
    return way


def verified(life: Life) -> Iterator[datetime]:
    """When fixes held: once for each time that one shipped, however often it was looked at since."""
    is_open = False
    for at, what in life.events:
        if what == Kind.SHIPPED:
            is_open = True
        elif what == HELD and is_open:
            is_open = False
            yield at


def regressions(life: Life) -> Iterator[datetime]:
    """When the failure was back, or worse, after a fix had shipped."""
    return (at for at, what in life.events if what == Kind.REGRESSED)


def waits(life: Life, until: datetime) -> Iterator[Period]:
    """When the loop waited for a human: from what put it to one to the decision, or until now."""
    since: datetime | None = None
    for at, what in life.events:
        if what in STARTS_WAITING:
            since = since or at
        elif what in ENDS_WAITING and since:
            yield Period(since, at)
            since = None
    if since and since < until:
        yield Period(since, until)
