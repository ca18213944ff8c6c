"""
The time at which a fix shipped, as the agent reports it: not before its approval, and not in the future.

The verdict compares what came before that time with what came after, so a wrong time is a wrong verdict. The clock of
whoever reports may differ from the server's by SKEW.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from diagnosis.display.quantities import to_the_second
from diagnosis.loops import two_people
from diagnosis.models import Loop

SKEW = timedelta(minutes=5)


class WrongShippingTime(Exception):
    """The reported time cannot be when the approved fix shipped; the message says why."""


def shipping_time(loop: Loop, reported_at: datetime, now: datetime) -> datetime:
    """The time to store: as reported, but never later than now. Raises WrongShippingTime."""
    if reported_at > now + SKEW:
        raise WrongShippingTime("lies in the future.")
    approvals = two_people.counting_approvals(loop)
    approved_at = approvals[-1].decided_at if approvals else None
    if loop.state == Loop.State.APPROVED and approved_at and reported_at < approved_at - SKEW:
        raise WrongShippingTime(f"lies before the approval at {to_the_second(approved_at)}.")
    return min(reported_at, now)
