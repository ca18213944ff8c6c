"""
When a database was last looked through for damage, so that faults which no damage explains do not cost a look each.

A file that did not change since is not looked through again, another one after a time that follows from what the look
cost: LoopKit spends a tenth of a thread's time on looking at most, however often faults come.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

LEAST_SECONDS = 1.0  # between the ends of two looks at a database that changes
COST = 9  # so many times the seconds that a look took, no other one begins
MOST_NOTED = 1000  # databases
MOST_SECONDS = 60.0  # for which an unchanged file is taken for unchanged: clocks of disks are coarse

Stamp = tuple[int, ...]  # of a file and its log, which changes with their content


@dataclass(slots=True)
class Look:
    """One look through a database: how the file was before it, when it ended, how long it took."""

    stamp: Stamp | None  # None: not known
    ended: float = 0.0
    took: float = 0.0
    is_to_be_noted: bool = False

    def is_enough(self, stamp: Stamp | None, now: float) -> bool:
        """Whether another look is not worth its cost yet."""
        is_unchanged = stamp is not None and stamp == self.stamp
        patience = MOST_SECONDS if is_unchanged else max(LEAST_SECONDS, COST * self.took)
        return now - self.ended < patience


_looks: dict[str, Look] = {}


def is_enough(connection: BaseDatabaseWrapper) -> bool:
    """Whether the database was looked through without a finding, and not long enough ago to do it again."""
    look = _looks.get(name_of(connection))
    return look is not None and look.is_enough(stamp_of(connection), time.monotonic())


@contextmanager
def noted(connection: BaseDatabaseWrapper) -> Iterator[Look]:
    """
    The look that the block takes, noted if the block says that no other one is due, as it found nothing.

    A transaction sees a content of its own, which says nothing about the file.
    """
    began, look = time.monotonic(), Look(stamp_of(connection))
    try:
        yield look
    finally:
        look.ended = time.monotonic()
        look.took = look.ended - began
        if look.is_to_be_noted and not connection.in_atomic_block:
            if len(_looks) >= MOST_NOTED:
                _looks.clear()
            _looks[name_of(connection)] = look


def name_of(connection: BaseDatabaseWrapper) -> str:
    """What the database is known by: another file in the place of one has another number."""
    path = str(connection.settings_dict["NAME"])
    try:
        return f"{path} {os.stat(path).st_ino}"
    except OSError:
        return f"{path} {connection.settings_dict['HOST']}"


def stamp_of(connection: BaseDatabaseWrapper) -> Stamp | None:
    """
    Size and time of the last change of the file and of its write-ahead log; None for a database that is no file, and in
    a transaction, which may see an older content.

    https://www.sqlite.org/walformat.html
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return None
    path = str(connection.settings_dict["NAME"])
    try:
        file = os.stat(path)
        log = os.stat(f"{path}-wal") if os.path.exists(f"{path}-wal") else None
    except OSError:
        return None
    return (file.st_size, file.st_mtime_ns, *((log.st_size, log.st_mtime_ns) if log else ()))
