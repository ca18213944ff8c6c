"""
Requests that wait for the same store share one transaction: group commit.

Whoever's turn it is takes the database's lock, and writes for all that wait by then. So one sync serves many, and the
threads of a process never queue at the database's own lock, where waiting is polling. A store that is stuck holds one
thread: the others leave soon, and those who come later at once. Acknowledged still means committed and synced.
https://www.postgresql.org/docs/15/runtime-config-wal.html#GUC-COMMIT-DELAY
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from django.db import OperationalError

from telemetry.store.batch import Batch, Receipt

MOST_ROWS = 4096  # in one transaction, so that nobody waits long for the rows of others
PATIENCE = 1.0  # seconds for a turn; threads that wait for one store are not there for others

# What the store gives: its transaction, which holds the database's lock, and what writes batches inside it.
Transaction = Callable[[], AbstractContextManager[None]]
Write = Callable[[list[Batch]], list[Receipt]]
Ticket = tuple[Batch, Future[Receipt]]


class Stuck(OperationalError):
    """The store's lock was not to be had in time."""


@dataclass(slots=True)
class Line:
    """The requests of this process that wait for one store."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[Ticket] = field(default_factory=deque)
    asked_at: float = math.inf  # since when the database's lock is asked for and not had

    def take(self) -> list[Ticket]:
        """The first of them, up to MOST_ROWS rows."""
        taken, rows = [self.waiting.popleft()], 0
        while self.waiting and (rows := rows + len(taken[-1][0].rows)) < MOST_ROWS:
            taken.append(self.waiting.popleft())
        return taken

    def leave(self, ticket: Ticket) -> bool:
        """Wait no longer; False when the ticket was taken, so that its answer comes."""
        try:
            self.waiting.remove(ticket)
        except ValueError:
            return False
        return True

    @contextmanager
    def locked(self, transaction: Transaction) -> Iterator[None]:
        """The transaction; until it has the database's lock, others see for how long it is asked for."""
        began = time.monotonic()
        self.asked_at = min(self.asked_at, began)
        try:
            with transaction():
                self.asked_at = math.inf
                yield
        except Exception:
            if time.monotonic() - began < PATIENCE:  # refused at once, so nobody waits
                self.asked_at = math.inf
            raise

    def patience(self) -> float:
        """How long it makes sense to wait for a turn."""
        return PATIENCE if time.monotonic() - self.asked_at < PATIENCE else 0


_lines: dict[str, Line] = {}


def together(store: str, batch: Batch, transaction: Transaction, write: Write) -> Receipt:
    """The batch's receipt, once it is committed, by this thread or by one that came before. Stuck: no turn in time."""
    line = _lines.setdefault(store, Line())
    ticket: Ticket = batch, Future()
    line.waiting.append(ticket)
    if line.turn.acquire(timeout=line.patience()):
        try:
            while not ticket[1].done():
                settle(line, transaction, write)
        finally:
            line.leave(ticket)
            line.turn.release()
    elif line.leave(ticket):
        raise Stuck("database is locked: others wait for it already")
    return ticket[1].result()


def settle(line: Line, transaction: Transaction, write: Write) -> None:
    """Write what waits in one transaction; where that fails and the store is well, each batch alone."""
    tickets: list[Ticket] = []
    try:
        with line.locked(transaction):
            tickets = line.take()
            receipts = write([batch for batch, _ in tickets])
    except Exception as error:
        if not tickets:
            raise
        fail(tickets, error, transaction, write)
    else:
        for (_, answer), receipt in zip(tickets, receipts, strict=True):
            answer.set_result(receipt)


def fail(tickets: list[Ticket], error: Exception, transaction: Transaction, write: Write) -> None:
    """Tell all of them, or write each alone when the store itself is well."""
    if len(tickets) > 1 and not isinstance(error, OperationalError):
        for ticket in tickets:
            settle(Line(waiting=deque([ticket])), transaction, write)
        return
    for _, answer in tickets:
        answer.set_exception(error)
