"""Whose chunks are decoded next: connections that sent many take turns, and everybody else comes between."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from loopkit.worker.connection import Connection

# Between two looks at what else there is to do: a millisecond or two.
TURNS_AT_ONCE = 8


class DecodingTurns:
    """The connections of which more has come than one turn decodes, in the order in which they have theirs."""

    def __init__(self, decode: Callable[[Connection], None]) -> None:
        self._waiting: deque[Connection] = deque()
        self._decode = decode

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, conn: Connection) -> None:
        """Give the connection a turn behind all others."""
        self._waiting.append(conn)

    def give(self) -> None:
        """Give some of the connections their turn. Those that ended meanwhile are left out."""
        for _ in range(min(TURNS_AT_ONCE, len(self._waiting))):
            conn = self._waiting.popleft()
            if conn.reception.is_behind:
                self._decode(conn)
