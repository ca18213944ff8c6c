"""
Periodic jobs in a thread of each worker. A lease in the control database lets one process at a time run them.

This needs no second service and no broker: the control database shows what is due, and the next round of jobs does
what an earlier one missed. Errors are logged and stop neither the thread nor the worker.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import socket
import threading
import time

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from diagnosis import periodic_jobs
from diagnosis.lease import LeaseClaim
from loopkit.http import store_fault
from tenants.installation import clock

logger = logging.getLogger(__name__)
NAME = "rounds"  # of the thread and the lease, which workers of earlier versions take under this name
FIRST_SECONDS = 20  # from the start to the first round, at most
SHORTEST_LEASE = 60.0  # seconds
LONGEST_REST = 2.0  # seconds between two steps
END_SECONDS = 5.0  # that an ending worker waits for the current step


class PeriodicJobs(threading.Thread):
    """A thread that requests the lease every `seconds`, and runs all due jobs if it gets it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(name=NAME, daemon=True)
        self.seconds = seconds
        holder = f"process {os.getpid()} of {socket.gethostname()[:60]} ({secrets.token_hex(4)})"
        self.lease = LeaseClaim(NAME, holder, max(SHORTEST_LEASE, 2 * seconds))
        self.watch = clock.ClockWatch(timezone.now())
        self.ended = threading.Event()
        self.step_began = 0.0
        self.is_mine = False

    def run(self) -> None:
        """
        Run a round every `seconds` until `end`.

        The first pause is random, so that workers which start together do not request the lease together.
        """
        pause = min(self.seconds, FIRST_SECONDS) * random.uniform(0.5, 1)  # noqa: S311
        while not self.ended.wait(pause):
            self.round()
            pause = self.seconds

    def round(self) -> None:
        """Run all due jobs if this process gets the lease. Errors of the control database are logged."""
        try:
            had_lease, self.is_mine = self.is_mine, self.lease.take()
            if self.is_mine and not had_lease:
                logger.info(
                    "%s runs the periodic jobs from now on, every %s s", self.lease.holder, self.seconds
                )
            if self.is_mine:
                if jumped := clock.beat(self.watch, timezone.now()):
                    logger.warning("%s Run manage.py check_data.", jumped)
                self.step_began = time.monotonic()
                periodic_jobs.run_all_jobs(timezone.now, self.go_on)
        except DatabaseError as error:
            reason = store_fault.with_remedy(error)
            logger.error("the periodic jobs ended early, the next run is in %s s: %s", self.seconds, reason)
        finally:
            connections.close_all()  # connections are per thread

    def go_on(self) -> bool:
        """
        Rest between two steps and renew the lease. Return whether to go on with the next step.

        The rest is as long as the step took, at most LONGEST_REST, so that requests come first.
        """
        step_seconds = time.monotonic() - self.step_began
        if self.ended.wait(min(step_seconds, LONGEST_REST)):
            return False
        self.step_began = time.monotonic()
        return self.lease.take()

    def end(self) -> None:
        """Stop after the current step, waiting END_SECONDS at most, and give the lease back."""
        self.ended.set()
        self.join(END_SECONDS)
        try:
            self.lease.release()
        except DatabaseError:
            logger.warning("the lease of the periodic jobs was not given back; it expires by itself")
        finally:
            connections.close_all()


def start_job_thread() -> PeriodicJobs | None:
    """Start the thread of periodic jobs, or return None if LOOPKIT_ROUND_SECONDS is 0."""
    if not settings.LOOPKIT_ROUND_SECONDS:
        return None
    thread = PeriodicJobs(settings.LOOPKIT_ROUND_SECONDS)
    thread.start()
    return thread
