"""Times as columns and documents hold them: how they are read, and which ones LoopKit can have stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Of telemetry's clock, in signed nanoseconds of 64 bits: in the year 2262.
LATEST_SECOND = (2**63 - 1) // 10**9


def stored_datetime(value: bytes) -> datetime:
    """The time in a column of times. Raises ValueError for another text."""
    if (moment := parse_datetime(value.decode())) is None:
        raise ValueError("A column of times holds a text that is no time.")
    return moment


def is_time_between(value: Any, low: int, high: int) -> bool:
    """Whether a column of times that holds these bytes can be read, as a time between these seconds of Unix time."""
    try:
        return is_between(stored_datetime(value), low, high)
    except (ValueError, AttributeError):
        return False


def is_between(moment: datetime, low: int, high: int) -> bool:
    """Whether the time, of UTC unless it has a zone, is between these seconds of Unix time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return low <= (aware - EPOCH) // timedelta(seconds=1) <= high
