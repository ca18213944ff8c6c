"""The connections that wait for their clients, the most silent first, and the memory that all connections hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from loopkit.http.free_memory import give_back_memory
from loopkit.worker.connection import Connection, Phase
from loopkit.worker.limits import SMALL_BYTES

# From so many bytes on, what became free is worth giving back, once an eighth of it is left at most.
MUCH_BYTES = 16 * 1024 * 1024


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
        self._sent_more: set[Connection] = set()  # since they were given to the threads
        self._most_bytes = most_bytes
        self._bytes = self._small_bytes = self._peak_bytes = 0

    def __iter__(self) -> Iterator[Connection]:
        return iter(self._waiting)

    def enter(self, conn: Connection) -> None:
        """Take note that the client was heard of just now."""
        self._sent_more.discard(conn)
        self._waiting[conn] = None
        self._waiting.move_to_end(conn)

    def leave(self, conn: Connection) -> None:
        """The connection does not wait."""
        self._sent_more.discard(conn)
        self._waiting.pop(conn, None)

    def hear_more(self, conn: Connection, all_are_busy: bool) -> None:
        """The client of a request that is whole sent more, or has gone. `all_are_busy` is said of the threads."""
        self._sent_more.add(conn)
        if all_are_busy:
            conn.give_up_if_gone()
        self.recount(conn)

    def tidy(self, all_are_busy: bool) -> None:
        """Give up the requests of clients that sent more and have gone since, and give free memory back."""
        for conn in self._sent_more if all_are_busy else ():
            conn.give_up_if_gone()
            self.recount(conn)
        if self.has_emptied():
            give_back_memory()

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
        self._peak_bytes = max(self._peak_bytes, self._bytes)
        return held

    def has_emptied(self) -> bool:
        """Whether the connections held much since the last time that this was so, and hold little now."""
        if self._peak_bytes < MUCH_BYTES or self._bytes > self._peak_bytes // 8:
            return False
        self._peak_bytes = self._bytes
        return True


def is_large(conn: Connection) -> bool:
    """Whether the connection waits with so much that ending it helps."""
    return conn.counted_bytes > SMALL_BYTES and conn.phase in {Phase.BODY, Phase.ANSWERING}


def is_small(conn: Connection) -> bool:
    """Whether the connection waits with a little that is not whole."""
    return 0 < conn.counted_bytes <= SMALL_BYTES and conn.phase in {Phase.HEAD, Phase.BODY, Phase.ANSWERING}
