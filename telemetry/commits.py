"""
Requests that wait for the same store share one transaction: group commit.

Whoever's turn it is writes for all that wait behind it. So one sync serves many, and the threads of a process
never queue at the database's own lock, where waiting is polling. Acknowledged still means committed and synced.
https://www.postgresql.org/docs/15/runtime-config-wal.html#GUC-COMMIT-DELAY
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from django.db import OperationalError

from telemetry.batch import Batch, Receipt

MOST_ROWS = 4096  # in one transaction, so that nobody waits long for the rows of others

Write = Callable[[list[Batch]], list[Receipt]]
Ticket = tuple[Batch, Future[Receipt]]


@dataclass(slots=True)
class Line:
    """The requests of this process that wait for one store."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[Ticket] = field(default_factory=deque)

    def take(self) -> list[Ticket]:
        """The first of them, up to MOST_ROWS rows."""
        taken, rows = [self.waiting.popleft()], 0
        while self.waiting and (rows := rows + len(taken[-1][0].rows)) < MOST_ROWS:
            taken.append(self.waiting.popleft())
        return taken


_lines: dict[str, Line] = {}


def together(store: str, batch: Batch, write: Write) -> Receipt:
    """The batch's receipt, once it is committed, by this thread or by one that came before."""
    line = _lines.setdefault(store, Line())
    answer: Future[Receipt] = Future()
    line.waiting.append((batch, answer))
    with line.turn:
        while not answer.done():
            settle(line.take(), write)
    return answer.result()


def settle(tickets: list[Ticket], write: Write) -> None:
    """Write these batches in one transaction; what only some of them cause, the others do not pay for."""
    try:
        receipts = write([batch for batch, _ in tickets])
    except Exception as error:  # noqa: BLE001  (raised again in the thread that it belongs to)
        if len(tickets) > 1 and not isinstance(error, OperationalError):
            for ticket in tickets:
                settle([ticket], write)
            return
        for _, answer in tickets:
            answer.set_exception(error)
    else:
        for (_, answer), receipt in zip(tickets, receipts, strict=True):
            answer.set_result(receipt)
