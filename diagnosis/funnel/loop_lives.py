"""
The timeline of one loop for the funnel: when it reached each stage, held, regressed and waited. Pure functions on rows.

Published in docs/funnel.md#the-funnel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from diagnosis.loops.urgency import SeenHarm
from diagnosis.models import Decision, Loop, LoopEvent, Verification

State, Kind = Loop.State, LoopEvent.Kind
PROPOSED, DECIDED, SHIPPED, VERIFIED = STAGES = ("proposed", "decided", "shipped", "verified")
HELD = Verification.Verdict.HELD.value
DECIDES = (Decision.Verb.APPROVE.value, Decision.Verb.REJECT.value)
ENDS_WAITING = (*DECIDES, Decision.Verb.RETURN.value)
STARTS_WAITING = (
    Kind.PROPOSED.value, Kind.ANSWERED.value, Kind.REGRESSED.value, Kind.GREW.value, Kind.OUTDATED.value,
    Kind.ASKED_AGAIN.value,
)  # fmt: skip
ASKS_FOR_ANOTHER = (
    Decision.Verb.WITHDRAW.value,
    Decision.Verb.REOPEN.value,
)  # decisions after which it waits again
REACHED_BY = {Kind.PROPOSED.value: PROPOSED, Kind.SHIPPED.value: SHIPPED, HELD: VERIFIED} | dict.fromkeys(
    DECIDES, DECIDED
)
# The stage of a loop by its state. Rejected and joined loops are in no stage.
STANDS_AT = {
    State.PROPOSED: PROPOSED,
    State.REGRESSED: PROPOSED,
    State.RETURNED: PROPOSED,
    State.APPROVED: DECIDED,
    State.SHIPPED: SHIPPED,
    State.INCONCLUSIVE: SHIPPED,
    State.HELD: VERIFIED,
}
NO_TIME = timedelta(0)
DAY = timedelta(days=1)
NONE_SEEN = SeenHarm(0, 0, 0, 0, 0)


class LifeEvent(NamedTuple):
    """An event in a loop's timeline: a kind of LoopEvent, the verb of a decision, or the verdict of a verification."""

    at: datetime
    what: str


class Period(NamedTuple):
    """A half-open range of time: a wait, a week, or the window of the funnel."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the time lies in the period."""
        return self.start <= at < self.end

    def cut(self, other: Period) -> timedelta:
        """The duration of the overlap with the other period."""
        return max(min(self.end, other.end) - max(self.start, other.start), NO_TIME)


@dataclass(frozen=True, slots=True)
class LoopLife:
    """One loop: its state, the first time of its failure, its events in order of time, and the harm that was seen."""

    project_id: str
    state: str
    first_seen: datetime | None
    events: Sequence[LifeEvent]
    seen: SeenHarm = NONE_SEEN

    @property
    def seen_in(self) -> timedelta:
        """The time in which its harm was seen, a day at least: one failure in a minute is not 1,440 a day."""
        return max(DAY, timedelta(seconds=self.seen.seen_seconds))


def reached(life: LoopLife) -> dict[str, datetime]:
    """The time at which the loop first reached each stage, by stage; without stages that it did not reach."""
    times: dict[str, datetime] = {}
    for at, name in life.events:
        if name in REACHED_BY:
            times.setdefault(REACHED_BY[name], at)
    return times


def verified_times(life: LoopLife) -> Iterator[datetime]:
    """The times at which fixes held: once for each fix that shipped, however often it was verified since."""
    is_open = False
    for at, name in life.events:
        if name == Kind.SHIPPED:
            is_open = True
        elif name == HELD and is_open:
            is_open = False
            yield at


def regressions(life: LoopLife) -> Iterator[datetime]:
    """The times at which the failure was back, or worse, after a fix had shipped."""
    return (at for at, name in life.events if name == Kind.REGRESSED)


def waits(life: LoopLife, until: datetime) -> Iterator[Period]:
    """The periods in which the loop waited for a human: until the decision, the last one possibly until `until`."""
    since: datetime | None = None
    for at, name in life.events:
        if name in STARTS_WAITING or name in ASKS_FOR_ANOTHER:
            since = since or at
        elif name in ENDS_WAITING and since:
            yield Period(since, at)
            since = None
    if since and since < until:
        yield Period(since, until)
