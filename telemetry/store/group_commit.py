"""
Requests that wait for the same store share one transaction: group commit.

The request whose turn it is takes the database's lock, and writes for all that wait by then. So one sync serves many
requests, and the threads of a process never wait at the database's own lock, where waiting is polling. While the lock
cannot be acquired, one thread waits for it: those behind it give up soon, and those that come later at once. An
acknowledged request is still one that is committed and synced.
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

from loopkit.http import store_fault
from telemetry.store.batch import Batch, Receipt

MOST_ROWS = 4096  # after which a transaction takes no more batches: nobody waits long for the rows of others
PATIENCE = 1.0  # seconds to wait for a turn; threads that wait for one store cannot serve others

# Given by the store: its transaction, which holds the database's lock, and a function that writes batches inside it.
Transaction = Callable[[], AbstractContextManager[None]]
Write = Callable[[list[Batch]], list[Receipt]]
Ticket = tuple[Batch, Future[Receipt]]


class CommitStuck(OperationalError):
    """The store's lock could not be acquired in time."""


@dataclass(slots=True)
class CommitQueue:
    """The requests of this process that wait for one store."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    waiting: deque[Ticket] = field(default_factory=deque)
    asked_at: float = math.inf  # when the wait for the database's lock began; inf: no wait is known

    def take(self) -> list[Ticket]:
        """Take the first tickets from the line, until they have MOST_ROWS rows."""
        tickets, rows = [self.waiting.popleft()], 0
        while self.waiting and (rows := rows + len(tickets[-1][0].rows)) < MOST_ROWS:
            tickets.append(self.waiting.popleft())
        return tickets

    def leave(self, ticket: Ticket) -> bool:
        """Remove the ticket from the line; False if it was taken, so that its answer will come."""
        try:
            self.waiting.remove(ticket)
        except ValueError:
            return False
        return True

    @contextmanager
    def locked(self, transaction: Transaction) -> Iterator[None]:
        """The transaction; until it holds the database's lock, `asked_at` says since when it waits for it."""
        began = time.monotonic()
        self.asked_at = min(self.asked_at, began)
        try:
            with transaction():
                self.asked_at = math.inf
                yield
        except Exception:
            # An error that came at once was no long wait, so that other requests need not give up.
            if time.monotonic() - began < PATIENCE:
                self.asked_at = math.inf
            raise

    def patience(self) -> float:
        """The seconds to wait for a turn: 0 once a thread has waited for the database's lock for PATIENCE."""
        return PATIENCE if time.monotonic() - self.asked_at < PATIENCE else 0


_lines: dict[str, CommitQueue] = {}


def commit_together(store: str, batch: Batch, transaction: Transaction, write: Write) -> Receipt:
    """The batch's receipt, once this thread or another has committed it. Raises CommitStuck if no turn comes."""
    line = _lines.setdefault(store, CommitQueue())
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
        raise CommitStuck("database is locked: other requests wait for it already")
    return ticket[1].result()


def settle(line: CommitQueue, transaction: Transaction, write: Write) -> None:
    """Write the waiting batches in one transaction, or each alone if that fails although the store itself works."""
    tickets: list[Ticket] = []
    try:
        with line.locked(transaction):
            tickets = line.take()
            receipts = write([batch for batch, _ in tickets])
    except Exception as error:
        if not tickets:
            raise
        retry_or_fail(tickets, error, transaction, write)
    else:
        for (_, answer), receipt in zip(tickets, receipts, strict=True):
            answer.set_result(receipt)


def retry_or_fail(tickets: list[Ticket], error: Exception, transaction: Transaction, write: Write) -> None:
    """Hand the error to all tickets, or write each batch alone if the error is not one of the store."""
    if len(tickets) > 1 and not store_fault.is_store_fault(error):
        for ticket in tickets:
            settle(CommitQueue(waiting=deque([ticket])), transaction, write)
        return
    for _, answer in tickets:
        answer.set_exception(error)
