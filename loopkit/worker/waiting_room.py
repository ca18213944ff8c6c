"""The connections that wait for their clients, the most silent first, and the memory that all connections hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from loopkit.worker.connection import Connection, Phase
from loopkit.worker.limits import SMALL_BYTES


class WaitingRoom:
    """
    The waiting connections of a process, and what these and the requests that wait for a thread hold.

    Whoever must go for others is the one that has been silent longest: an honest client sends, however slowly. Age
    or size would choose the slow and honest one; addresses would choose a proxy, behind which everybody has the same.
    Those that hold little each hold no more than half of the memory together, so that many of them leave room for the
    largest body.
    """

    def __init__(self, most_bytes: int) -> None:
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = self._small_bytes = 0

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._waiting)

    def enter(self, conn: Connection) -> None:
        """Take note that the client was heard of just now."""
        self._waiting[conn] = None
        self._waiting.move_to_end(conn)

    def leave(self, conn: Connection) -> None:
        """The connection does not wait."""
        self._waiting.pop(conn, None)

    def most_silent(self) -> Connection | None:
        """The connection that has been silent longest; None if none waits."""
        return next(iter(self._waiting), None)

    def too_much(self, conn: Connection, running: set[Connection]) -> Iterator[Connection]:
        """
        Count what the connection holds now. Yields connections to be ended, until all hold no more than they may.

        Those that are running have given back what the application has read of them.
        """
        self.recount(conn)
        if self._bytes > self._most_bytes:
            for busy in tuple(running):  # threads change it
                self.recount(busy)
        while victim := self.victim(conn):
            yield victim
            if not victim.counted_bytes > self.recount(victim):
                return

    def victim(self, conn: Connection) -> Connection | None:
        """The connection that must go because of what this one was given; None if there is room."""
        if self._small_bytes > self._most_bytes // 2 and (
            small := next(filter(is_small, self._waiting), None)
        ):
            return small
        return next(filter(is_large, self._waiting), conn) if self._bytes > self._most_bytes else None

    def recount(self, conn: Connection) -> int:
        """Count again what the connection holds; its bytes."""
        held, counted = conn.held_bytes(), conn.counted_bytes
        self._bytes += held - counted
        self._small_bytes += (held if held <= SMALL_BYTES else 0) - (counted if counted <= SMALL_BYTES else 0)
        conn.counted_bytes = held
        return held


def is_large(conn: Connection) -> bool:
    """Whether the connection waits with so much that ending it helps."""
    return conn.counted_bytes > SMALL_BYTES and conn.phase in {Phase.BODY, Phase.ANSWERING}


def is_small(conn: Connection) -> bool:
    """Whether the connection waits with a little that is not whole."""
    return 0 < conn.counted_bytes <= SMALL_BYTES and conn.phase in {Phase.HEAD, Phase.BODY, Phase.ANSWERING}
