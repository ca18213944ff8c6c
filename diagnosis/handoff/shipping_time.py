"""
The time at which a fix shipped, as it is reported: after what it fixes, after its approval, and not in the future.

The verdict compares what came before that time with what came after, so a wrong time is a wrong verdict. The clock of
whoever reports may differ from the server's by SKEW.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from diagnosis.display.quantities import to_the_second
from diagnosis.loops import two_people
from diagnosis.models import Loop

SKEW = timedelta(minutes=5)


class WrongShippingTime(Exception):
    """The reported time cannot be when the approved fix shipped; the message says why."""


def shipping_time(loop: Loop, reported_at: datetime, now: datetime, fix_before: datetime | None) -> datetime:
    """
    The time to store: as reported, but never later than now. Raises WrongShippingTime.

    Args:
        fix_before: when the loop's fix before this one shipped; None for the first.
    """
    if reported_at > now + SKEW:
        raise WrongShippingTime("lies in the future.")
    for earliest, name in lower_bounds(loop, now):
        if reported_at < earliest - SKEW:
            raise WrongShippingTime(f"lies before the {name} at {to_the_second(earliest)}.")
    if fix_before and reported_at <= fix_before:
        raise WrongShippingTime(
            f"is not after the fix before it, which shipped at {to_the_second(fix_before)}."
        )
    return min(reported_at, now)


def lower_bounds(loop: Loop, now: datetime) -> Iterator[tuple[datetime, str]]:
    """What comes before every fix of this loop, with its name."""
    # The clocks of applications can be wrong: a first failure that lies ahead bounds nothing.
    if loop.first_seen_at and loop.first_seen_at <= now:
        yield loop.first_seen_at, "first failure"
    if approvals := two_people.counting_approvals(loop):
        yield approvals[-1].decided_at, "approval"
