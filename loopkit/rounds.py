"""
Rounds by the clock, in a thread of each worker; a lease in the control database lets one process make them.

No second service, no broker: what is due is known from the control database, and a round that is missed is made up by
the next. Errors are logged, and end neither the rounds nor the worker.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from diagnosis import lease, rounds

logger = logging.getLogger(__name__)
NAME = "rounds"
FIRST_SECONDS = 20  # after the start, at most
SHORTEST_LEASE = 60.0  # seconds
LONGEST_REST = 2.0
END_SECONDS = 5.0  # that the worker waits for the step that is under way


class Rounds(threading.Thread):
    """Asks for the lease every so many seconds, and makes a round if it has it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(name=NAME, daemon=True)
        self.seconds = seconds
        self.holder = uuid.uuid4().hex
        self.length = timedelta(seconds=max(SHORTEST_LEASE, 2 * seconds))
        self.ended = threading.Event()
        self.step_began = 0.0
        self.is_mine = False

    def run(self) -> None:
        """Until `end`; workers that start together do not ask together."""
        pause = min(self.seconds, FIRST_SECONDS) * random.uniform(0.5, 1)  # noqa: S311
        while not self.ended.wait(pause):
            self.round()
            pause = self.seconds

    def round(self) -> None:
        """One round, if it is this process's turn; without the control database, there is a next one."""
        try:
            had, self.is_mine = self.is_mine, lease.take(NAME, self.holder, timezone.now(), self.length)
            if self.is_mine and not had:
                logger.info("process %s makes the rounds from now on, every %s s", os.getpid(), self.seconds)
            if self.is_mine:
                self.step_began = time.monotonic()
                rounds.make(timezone.now, self.go_on)
        except DatabaseError as error:
            logger.error("the round ended early, the next one is in %s s: %s", self.seconds, error)
        finally:
            connections.close_all()  # of this thread

    def go_on(self) -> bool:
        """Between two steps: rest as long as the step took, so that requests come first, and keep the lease."""
        took = time.monotonic() - self.step_began
        if self.ended.wait(min(took, LONGEST_REST)):
            return False
        self.step_began = time.monotonic()
        return lease.take(NAME, self.holder, timezone.now(), self.length)

    def end(self) -> None:
        """Stop after the step that is under way, and let another process go on."""
        self.ended.set()
        self.join(END_SECONDS)
        try:
            lease.give_back(NAME, self.holder, timezone.now())
        except DatabaseError:
            logger.warning("the lease of the rounds was not given back; it runs out by itself")
        finally:
            connections.close_all()


def begin() -> Rounds | None:
    """The rounds of this process, begun; None where they are off."""
    if not settings.LOOPKIT_ROUND_SECONDS:
        return None
    made = Rounds(settings.LOOPKIT_ROUND_SECONDS)
    made.start()
    return made
