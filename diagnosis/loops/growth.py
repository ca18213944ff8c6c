"""
The growth of a rejected failure, which is proposed again once it exceeds the decision's numbers by the chosen factor.

Two numbers can grow: failures a day, and users hit a day. Rates are compared, by the exact interval that verification
uses (rates.py), with the length of the window as exposure; windows of different length are made comparable first:
- The decision's window starts with the first failure, but an hour before its end at the latest: a failure that was six
  hours old when somebody rejected it counts by those six hours, and one that was ten seconds old is not extrapolated
  from ten seconds to thousands a day.
- The window now is as long as the decision's at least, so that a busy hour is not taken for a day.
- The users of a shorter window stand for those of the longer one, which has at least as many.
Described for people in docs/approval.md#rejecting.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.display.quantities import significant
from diagnosis.loops import urgency
from diagnosis.models import Decision, Packet
from diagnosis.statistics.rates import Counts, Tails, rate_ratio
from telemetry.reads import cluster_failures
from telemetry.windows import MINUTE_NANO, Window, rfc3339, unix_nano

FEWEST, USUAL, MOST = 2, 3, 100  # times
CHANCE = Tails(low=0.001, high=0.001)  # small, because every diagnosis tests again
DAY_NANO = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class ClusterNumbers:
    """The failures and users of an issue in a window."""

    failures: int
    users: int
    window: Window

    @property
    def length(self) -> int:
        """The length of the window in nanoseconds."""
        return max(1, self.window.end_unix_nano - self.window.start_unix_nano)

    @property
    def per_day(self) -> float:
        """Failures a day at this rate."""
        return self.failures * DAY_NANO / self.length

    def as_document(self) -> dict[str, Any]:
        """The numbers as `Decision.numbers` and events hold them."""
        start, end = self.window.start_unix_nano, self.window.end_unix_nano
        return {
            "failures": self.failures,
            "users": self.users,
            "failures_per_day": round(self.per_day, 3),
            "window": {"start": rfc3339(start), "end": rfc3339(end)},
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> ClusterNumbers:
        """The numbers of a document that `as_document` returned."""
        return cls(document["failures"], document["users"], Window.from_document(document["window"]))


def numbers(packet: Packet, issue: dict[str, Any]) -> dict[str, Any]:
    """The numbers that a decision on the issue stores; empty if the packet has no window."""
    if "window" not in packet.document:
        return {}
    return since_first(issue, Window.from_document(packet.document["window"])).as_document()


def since_first(issue: dict[str, Any], window: Window) -> ClusterNumbers:
    """The issue's numbers in the part of the window since its first failure, an hour at least."""
    first = unix_nano(datetime.fromisoformat(issue["first_seen"]))
    end = window.end_unix_nano
    since = Window(min(max(window.start_unix_nano, first), end - urgency.SHORTEST * MINUTE_NANO), end)
    return ClusterNumbers(issue["impact"]["records"], issue["impact"]["users"], since)


def growth_past_rejection(
    rejection: Decision, issue: dict[str, Any], window: Window, fingerprint: int
) -> ClusterNumbers | None:
    """
    The numbers now, if the issue of this window grew past the rejection; else None. The project is bound.

    Args:
        fingerprint: of the failures to count if the issue's window is shorter than the rejection's.
    """
    if rejection.times is None or not rejection.numbers:
        return None
    old = ClusterNumbers.read(rejection.numbers)
    new = ClusterNumbers(issue["impact"]["records"], issue["impact"]["users"], window)
    if new.length < old.length:
        longer = Window(window.end_unix_nano - old.length, window.end_unix_nano)
        failures = cluster_failures.failures(longer, fingerprint).count()
        new = ClusterNumbers(max(failures, new.failures), new.users, longer)
    is_worse = grew(old.failures, old, new.failures, new, rejection.times)
    return new if is_worse or grew(old.users, old, new.users, new, rejection.times) else None


def grew(old_count: int, old: ClusterNumbers, new_count: int, new: ClusterNumbers, times: int) -> bool:
    """Whether the count per day is so many times the old one at least, and larger beyond chance."""
    interval = rate_ratio(Counts(old_count, old.length), Counts(new_count, new.length), CHANCE)
    return interval.estimate is not None and interval.estimate >= times and interval.low > 1


def a_day(failures: float) -> str:
    """`12 failures a day`, `1 failure a day`."""
    shown = significant(failures)
    return f"{shown} {'failure' if shown == '1' else 'failures'} a day"
