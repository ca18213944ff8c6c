"""
Windows that end now: they reach as far as the last record that is at most SKEW ahead.

The clocks of some senders are some minutes ahead, and what happens there now would be in no window that ends now.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from telemetry.store.sql import fetch
from telemetry.windows import Window

LAST_AHEAD = """
    SELECT MAX(start_time_unix_nano) FROM telemetry_record
    WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s
"""
SKEW = timedelta(minutes=6)  # a clock that is 5 minutes ahead, and what it sends while it is being read
SKEW_NANO = SKEW // timedelta(microseconds=1) * 1000


def window_until_now(now: datetime, since_minutes: int) -> Window:
    """The bound project's window of that many minutes before now, and up to its last record that is a little ahead."""
    window = Window.ending(now, since_minutes)
    [(last,)] = fetch(LAST_AHEAD, (window.end_unix_nano, window.end_unix_nano + SKEW_NANO))
    if last is None:
        return window
    end = last + 1
    return replace(window, end_unix_nano=end, ahead_nano=end - window.end_unix_nano)
