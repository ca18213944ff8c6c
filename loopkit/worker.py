"""
Gunicorn's worker with threads, which lets workers with fewer connections accept first.

Exporters keep their connections open for hours, so where chance gives a worker all four of a service's connections, its
core does all the work and the others none; with two workers, every second time they are not shared evenly.
https://docs.gunicorn.org/en/stable/design.html#gthread-workers
"""

from __future__ import annotations

import socket
import time

from gunicorn.workers.gthread import ThreadWorker

STEP = 0.0005  # seconds for each connection that the worker has
LONGEST = 0.002  # seconds: new connections must not hold up those that are there


class EvenThreadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """Accepts a moment later for each connection it has; an idle worker wakes within that moment."""

    def accept(self, listener: socket.socket) -> None:
        """Take the connection, unless another worker was faster."""
        time.sleep(min(self.nr_conns * STEP, LONGEST))
        super().accept(listener)
