"""
Whether the client of a request still has its connection open.

WSGI tells an application nothing of it, but gunicorn passes the socket on as `gunicorn.socket`. A read that returns
no bytes means that the client closed the connection. Bytes that are there stay there for the server.
https://docs.gunicorn.org/en/stable/design.html, https://man7.org/linux/man-pages/man2/recv.2.html
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

SOCKET = "gunicorn.socket"


def departure_check(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """A function that returns whether the client of this request is gone; always False under other servers."""
    connection = environ.get(SOCKET)
    return partial(has_left, connection) if isinstance(connection, socket.socket) else lambda: False


def has_left(connection: socket.socket) -> bool:
    """Whether the other end closed the connection. Never waits, whatever timeout the socket has."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        if not poll.poll(0):
            return False
        # The method of the plain socket: one with TLS refuses flags.
        return not socket.socket.recv(connection, 1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except (OSError, ValueError):
        return True
