"""
The last entry of the audit log, remembered outside the database: `audit.head` in the data dir, mode 0600.

A chain alone cannot show that its last entries were removed. The file is written after the commit, so a crash in
between leaves it behind the log, never ahead of it; the next entry makes up for that.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from tenants.models import AuditEntry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry that is known."""

    sequence: int
    hash: str

    def is_in_the_log(self) -> bool:
        """Whether the log still has that entry."""
        return AuditEntry.objects.filter(sequence=self.sequence, hash=self.hash).exists()


def path() -> Path:
    """Where it is kept."""
    return Path(settings.LOOPKIT_DATA_DIR, "audit.head")


def known() -> Head | None:
    """The head that is kept; None where nothing was ever written, or the file is gone."""
    try:
        return parse(path().read_bytes())
    except FileNotFoundError:
        return None


def parse(content: bytes) -> Head | None:
    """The head in the file's text; None for an empty file. ValueError for another text."""
    if not content:
        return None
    sequence, entry_hash = content.decode().split()
    return Head(int(sequence), entry_hash)


def advance(entry: AuditEntry) -> None:
    """Remember this entry, unless a later one is known, or the log lost the one that is: then that one stays."""
    with alone() as file:
        head = parse(file.read())
        if head and not head.is_in_the_log():
            logger.error("the audit log lost entry %d: run manage.py verify_audit", head.sequence)
            return
        if head and entry.sequence <= head.sequence:
            return
        file.seek(0)
        file.write(f"{entry.sequence} {entry.hash}\n".encode())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def alone() -> Iterator[BinaryIO]:
    """The file, for one thread of one process at a time."""
    descriptor = os.open(path(), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # closing the file unlocks it
        yield file
