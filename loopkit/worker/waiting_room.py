"""The connections that wait for their clients, the most silent first, and the memory that all connections hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from loopkit.worker.connection import Connection, Phase
from loopkit.worker.limits import SMALL_BYTES


class WaitingRoom:
    """
    The waiting connections of a process.

    Whoever must go for others is the one that has been silent longest: an honest client sends, however slowly. Age
    or size would choose the slow and honest one; addresses would choose a proxy, behind which everybody has the same.
    """

    def __init__(self, most_bytes: int) -> None:
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._most_bytes = most_bytes
        self._bytes = 0

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

    def too_much(self, conn: Connection) -> Iterator[Connection]:
        """Count what the connection holds now. Yields connections to be ended, until all hold no more than they may."""
        self.recount(conn)
        while self._bytes > self._most_bytes:
            victim = next(filter(is_large, self._waiting), conn)
            yield victim
            if not victim.counted_bytes > self.recount(victim):
                return

    def recount(self, conn: Connection) -> int:
        """Count again what the connection holds; its bytes."""
        held = conn.held_bytes()
        self._bytes += held - conn.counted_bytes
        conn.counted_bytes = held
        return held


def is_large(conn: Connection) -> bool:
    """Whether the connection waits with so much that ending it helps."""
    return conn.counted_bytes > SMALL_BYTES and conn.phase in {Phase.BODY, Phase.ANSWERING}
