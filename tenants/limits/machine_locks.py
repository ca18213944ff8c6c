"""
Locks between the processes of a machine, which end with their process, however that ends: files in the data dir.

A full or read-only disk means no lock: then the work is done twice at worst.
https://man7.org/linux/man-pages/man2/flock.2.html
"""

from __future__ import annotations

import fcntl
import os
import zlib
from typing import IO

from django.conf import settings

LOCK_FILES = 64  # projects share them by hash


class Taken(Exception):
    """Another process, or another request of this one, has the lock."""


class HeavyLocks:
    """The locks of one heavy request: its project's, and one of as many as may run on this machine at once."""

    def __init__(self) -> None:
        self.files: list[IO[bytes]] = []

    def take(self, project_id: str) -> bool:
        """Take both locks, or none, and return whether that succeeded."""
        try:
            self.take_one_of([f"heavy-{zlib.crc32(project_id.encode()) % LOCK_FILES:02}"])
            self.take_one_of([f"slot-{number}" for number in range(most_at_once())])
        except Taken:
            self.release()
            return False
        except OSError:
            self.release()
        return True

    def take_one_of(self, names: list[str]) -> None:
        """Take the first of these locks that is free. Raises Taken if none is, OSError if the disk allows no lock."""
        folder = settings.LOOPKIT_DATA_DIR / "locks"
        folder.mkdir(mode=0o700, exist_ok=True)
        for name in names:
            file = (folder / name).open("wb")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                self.files.append(file)
                return
        raise Taken

    def release(self) -> None:
        """Release what was taken: closing a file unlocks it."""
        for file in self.files:
            file.close()
        self.files.clear()


def most_at_once() -> int:
    """The number of heavy requests that may run on this machine at once: one core is left for everything else."""
    return max(1, len(os.sched_getaffinity(0)) - 1)
