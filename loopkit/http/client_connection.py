"""
Whether the client of a request still has its connection open, and how long it has waited.

WSGI tells an application nothing of it, but gunicorn passes the socket on as `gunicorn.socket`. Its end is looked for
with poll, which shows it behind bytes that nobody has read; those stay there for the server.
https://docs.gunicorn.org/en/stable/design.html, https://man7.org/linux/man-pages/man2/poll.2.html (POLLRDHUP)
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

SOCKET = "gunicorn.socket"
# For which a request may wait, for a thread and for its turn together, before it is told to come again: exporters wait
# ten for their answer. https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options
WAIT_SECONDS = 5.0
ENDS = select.POLLRDHUP | select.POLLHUP | select.POLLERR | select.POLLNVAL


def departure_check(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """A function that returns whether the client of this request is gone; always False under other servers."""
    connection = environ.get(SOCKET)
    return partial(has_left, connection) if isinstance(connection, socket.socket) else lambda: False


def waited_seconds(environ: Mapping[str, Any]) -> float:
    """Seconds since all of this request was here; always 0 under other servers."""
    arrived_at = getattr(environ.get(SOCKET), "arrived_at", None)
    return 0.0 if arrived_at is None else time.monotonic() - float(arrived_at)


def has_left(connection: socket.socket) -> bool:
    """
    Whether the other end closed the connection or its sending half, also if it sent more before. Never waits, whatever
    timeout the socket has.
    """
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLRDHUP)
        return any(event & ENDS for _, event in poll.poll(0))
    except (OSError, ValueError):
        return True
