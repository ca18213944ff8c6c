"""A window: the half-open range of event time `[start, end)` that every read has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_MINUTES = 43200  # 30 days
MINUTE_NANO = 60_000_000_000
FURTHEST = (1 << 63) - 1  # the most nanoseconds that a signed 64-bit column holds: in the year 2262


def unix_nano(time: datetime) -> int:
    """Return the time as Unix nanoseconds, exactly."""
    return (time - EPOCH) // timedelta(microseconds=1) * 1000


def moment(nano: int) -> datetime:
    """Return the datetime of Unix nanoseconds, cut to microseconds; a time after the year 9999 is its last second."""
    return EPOCH + timedelta(microseconds=min(nano, 253_402_300_799 * 10**9) // 1000)


@dataclass(frozen=True, slots=True)
class Window:
    """The times with `start_unix_nano <= time < end_unix_nano`."""

    start_unix_nano: int
    end_unix_nano: int
    ahead_nano: int = 0  # the part of it that lies ahead of the time at which it was asked for

    @classmethod
    def ending(cls, until: datetime, since_minutes: int) -> Window:
        """Return the window of that many minutes before `until`."""
        end = unix_nano(until)
        return cls(max(0, end - since_minutes * MINUTE_NANO), end)

    @classmethod
    def from_document(cls, stored: Mapping[str, Any]) -> Window:
        """Return the window whose `start` and `end` a document holds as RFC 3339 texts. Raises ValueError."""
        start, end = (unix_nano(datetime.fromisoformat(stored[bound])) for bound in ("start", "end"))
        return cls(start, end)

    @property
    def since_minutes(self) -> int:
        """The window's length in whole minutes, without what lies ahead."""
        return self.length_nano // MINUTE_NANO

    @property
    def length_nano(self) -> int:
        """The window's length, without what lies ahead."""
        return self.end_unix_nano - self.ahead_nano - self.start_unix_nano

    @property
    def before(self) -> Window:
        """The window of the same length that ends where this one starts."""
        return Window(max(0, self.start_unix_nano - self.length_nano), self.start_unix_nano)

    def shown(self) -> dict[str, Any]:
        """Return the window in the form in which answers show it."""
        return {
            "start": moment(self.start_unix_nano),
            "end": moment(self.end_unix_nano),
            "since_minutes": self.since_minutes,
        }


def rfc3339(time: datetime | int) -> str:
    """Return a datetime, or Unix nanoseconds, as an RFC 3339 text in UTC with microseconds."""
    value = moment(time) if isinstance(time, int) else time
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
