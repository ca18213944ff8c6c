"""
Locks between the processes of a machine, which end with their process, however that ends: files in the data dir.

A full or read-only disk means no lock: then the work is done twice at worst.
https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
import zlib
from contextlib import suppress
from typing import IO

from django.conf import settings

from tenants.limits import turn_order
from tenants.limits.turn_order import Parties, TurnOrder

LOCK_FILES = 64  # projects share them by hash


class HeavyLocks:
    """The locks of one heavy request: its project's, and one of as many as may run on this machine at once."""

    def __init__(self, project_id: str, whose: Parties) -> None:
        self.files: list[IO[bytes]] = []
        self.project_lock = f"heavy-{zlib.crc32(project_id.encode()) % LOCK_FILES:02}"
        self.whose = whose
        self.ticket, self.arrived = secrets.token_hex(8), time.monotonic()
        self.turns: dict[str, float] = {}  # of the machine, when last looked at

    def take(self, is_process_free: bool) -> bool:
        """Take both locks if it is this request's turn, or none; whether it may run."""
        is_mine = False
        try:
            with turn_order.opened() as order:
                is_mine = self.take_in(order, is_process_free)
        except BlockingIOError:
            pass
        except OSError:
            self.release()
            return is_process_free
        if not is_mine:
            self.release()
        return is_mine

    def take_in(self, order: TurnOrder, is_process_free: bool) -> bool:
        """Take what is this request's, in this order; whether that is all. Raises OSError where there are no locks."""
        self.turns = order.turns
        is_able = is_process_free and self.take_one_of([self.project_lock])
        order.see(self.ticket, self.whose, self.arrived, is_blocked=not is_able)
        slots = [f"slot-{number}" for number in range(most_at_once())]
        if not (is_able and order.is_next(self.ticket) and self.take_one_of(slots)):
            return False
        order.begin(self.ticket, self.whose)
        return True

    def take_one_of(self, names: list[str]) -> bool:
        """Take the first of these locks that is free; whether one is. Raises OSError if the disk allows no lock."""
        for name in names:
            file = (settings.LOOPKIT_DATA_DIR / "locks" / name).open("wb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                self.files.append(file)
                return True
        return False

    def give_up(self) -> None:
        """Wait no more."""
        with suppress(OSError), turn_order.opened() as order:
            order.forget(self.ticket)

    def end_turn(self, neighbours: set[str]) -> None:
        """Release the locks. `neighbours` are the tickets of those that wait in this process."""
        with suppress(OSError), turn_order.opened() as order:
            order.unblock(neighbours, self.whose.project)
            self.release()  # before another process can look
        self.release()

    def release(self) -> None:
        """Release what was taken: closing a file unlocks it."""
        for file in self.files:
            file.close()
        self.files.clear()


def most_at_once() -> int:
    """The number of heavy requests that may run on this machine at once: one core is left for everything else."""
    return max(1, len(os.sched_getaffinity(0)) - 1)
