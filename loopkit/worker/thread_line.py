"""
The requests that wait for a thread, and how long they may.

Threads take them in the order in which they came. Where more come than the threads can answer, the line grows until its
clients give up, and then the threads work for nobody. So who has waited too long is told to come again, which costs
little, while somebody is still there to read it; the rest of the time that clients wait is for the work itself.

One bound for all, first come, first served. Exporters have one request under way each, so a line that is shorter than
the bound is a crowd that the threads can answer. The newest first, or a bound that falls while a line lasts, as in
CoDel, would refuse some of them, which have to send all of it again. https://queue.acm.org/detail.cfm?id=2839461
"""

from __future__ import annotations

import math
import time
from collections import deque
from concurrent.futures import Future


class ThreadLine:
    """The requests of a process that were given to its threads, the oldest first, each with the end of its wait."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._given: deque[tuple[float, Future[bool]]] = deque()

    def add(self, answer: Future[bool]) -> None:
        """Take note that a thread is to work out this answer."""
        self._given.append((time.monotonic() + self._seconds, answer))

    def seconds_left(self) -> float:
        """Seconds until the first of them has waited too long, if no thread takes it; infinity if none waits."""
        return max(0.0, self._given[0][0] - time.monotonic()) if self._given else math.inf

    def give_up_late(self) -> int:
        """Cancel those that no thread took in time, and forget those that one took; how many were cancelled."""
        cancelled, now = 0, time.monotonic()
        while self._given and (self._given[0][0] <= now or is_taken(self._given[0][1])):
            cancelled += self._given.popleft()[1].cancel()
        return cancelled


def is_taken(answer: Future[bool]) -> bool:
    """Whether a thread works, or has worked, on the answer."""
    return answer.running() or answer.done()
