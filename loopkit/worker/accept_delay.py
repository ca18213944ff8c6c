"""
A delay before accepting, the longer the more connections a process has, so that idler processes accept first.

Exporters keep their connections open for hours. If one process happens to get all connections of a service, its core
does all the work and the others are idle. Without the delay, two processes share connections unevenly half of the time.
"""

from __future__ import annotations

import time

STEP = 0.0005  # seconds of delay for each connection that the process has
LONGEST = 0.002  # seconds of delay at most, because it also delays the existing connections
LARGEST_SHARE = 0.05  # of a second that may pass in delays: a flood of connections must not delay the others


class AcceptDelay:
    """The delays of one process."""

    def __init__(self) -> None:
        self._second = 0.0
        self._delayed = 0.0

    def wait(self, connections: int) -> None:
        """Wait, unless this second has had enough of it."""
        second = time.monotonic() // 1
        if second != self._second:
            self._second, self._delayed = second, 0.0
        if self._delayed < LARGEST_SHARE:
            delay = min(connections * STEP, LONGEST)
            self._delayed += delay
            time.sleep(delay)
