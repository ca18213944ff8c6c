"""
When a rejected failure is put to a human again: once it grew past the decision's numbers as many times as was said.

Two numbers can grow: failures a day, and users hit a day. Rates are compared, by the exact interval that verification
uses (rates.py), with the length of the window as exposure; windows of different length are made comparable first:
- The decision's window starts with the first failure, or an hour before its end: a failure that was six hours old when
  somebody rejected it was as frequent as in those six hours, and one that was ten seconds old is not a day's thousands.
- The window now is as long as the decision's at least, so that a busy hour is not taken for a day.
- Of a shorter window, the users are taken for those of the longer one: there are at least so many.
docs/approval.md#rejecting says it for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.loops import urgency
from diagnosis.models import Decision, Packet
from diagnosis.statistics.rates import Counts, Tails, ratio
from diagnosis.window.exposure import records
from telemetry.windows import MINUTE_NANO, Window, rfc3339, unix_nano

FEWEST, USUAL, MOST = 2, 3, 100  # times
CHANCE = Tails(low=0.001, high=0.001)  # small, because every diagnosis looks
DAY_NANO = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class Numbers:
    """How much a failure hurt in a window."""

    failures: int
    users: int
    window: Window

    @property
    def length(self) -> int:
        """Of the window, in nanoseconds."""
        return max(1, self.window.end_unix_nano - self.window.start_unix_nano)

    @property
    def per_day(self) -> float:
        """Failures a day at this rate."""
        return self.failures * DAY_NANO / self.length

    def kept(self) -> dict[str, Any]:
        """As `Decision.numbers` and events hold it."""
        start, end = self.window.start_unix_nano, self.window.end_unix_nano
        return {
            "failures": self.failures,
            "users": self.users,
            "failures_per_day": round(self.per_day, 3),
            "window": {"start": rfc3339(start), "end": rfc3339(end)},
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Numbers:
        """What `kept` wrote."""
        return cls(kept["failures"], kept["users"], Window.from_document(kept["window"]))


def numbers(packet: Packet, issue: dict[str, Any]) -> dict[str, Any]:
    """What a decision on the issue keeps; nothing if the packet does not say its window."""
    if "window" not in packet.document:
        return {}
    return since_first(issue, Window.from_document(packet.document["window"])).kept()


def since_first(issue: dict[str, Any], window: Window) -> Numbers:
    """What the issue cost in the window, from its first failure on."""
    first = unix_nano(datetime.fromisoformat(issue["first_seen"]))
    end = window.end_unix_nano
    begun = Window(min(max(window.start_unix_nano, first), end - urgency.SHORTEST * MINUTE_NANO), end)
    return Numbers(issue["impact"]["records"], issue["impact"]["users"], begun)


def grown(rejection: Decision, issue: dict[str, Any], window: Window, fingerprint: int) -> Numbers | None:
    """
    The numbers now, if the issue of this window grew past the rejection; else None. The project is bound.

    Args:
        fingerprint: of the records that are counted in a window that is longer than the issue's.
    """
    if rejection.times is None or not rejection.numbers:
        return None
    was = Numbers.read(rejection.numbers)
    now = Numbers(issue["impact"]["records"], issue["impact"]["users"], window)
    if now.length < was.length:
        longer = Window(window.end_unix_nano - was.length, window.end_unix_nano)
        counted = records(longer).filter(fingerprint=fingerprint).count()
        now = Numbers(max(counted, now.failures), now.users, longer)
    is_worse = grew(was.failures, was, now.failures, now, rejection.times)
    return now if is_worse or grew(was.users, was, now.users, now, rejection.times) else None


def grew(before: int, was: Numbers, after: int, now: Numbers, times: int) -> bool:
    """Whether there are so many times as many a day, and more beyond chance."""
    compared = ratio(Counts(before, was.length), Counts(after, now.length), CHANCE)
    return compared.estimate is not None and compared.estimate >= times and compared.low > 1


def a_day(failures: float) -> str:
    """`12 a day`, in two figures where it is not a whole number of them."""
    return f"{failures:,.0f} a day" if failures >= 10 else f"{failures:.2g} a day"
