"""
A gthread worker that lets workers with fewer connections accept new ones first.

Exporters keep their connections open for hours. If one worker happens to get all connections of a service, its core
does all the work and the others are idle. Without this class, two workers share connections unevenly half of the time.
https://docs.gunicorn.org/en/stable/design.html#gthread-workers
"""

from __future__ import annotations

import socket
import time

from gunicorn.workers.gthread import ThreadWorker

STEP = 0.0005  # seconds of delay for each connection that the worker has
LONGEST = 0.002  # seconds of delay at most, because it also delays the existing connections


class EvenThreadWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """A worker that accepts a connection later the more it has, so that an idler worker can be faster."""

    def accept(self, listener: socket.socket) -> None:
        """Accept the connection after the delay, unless another worker was faster."""
        time.sleep(min(self.nr_conns * STEP, LONGEST))
        super().accept(listener)
