"""
The head of the audit log: its last entry, recorded outside the database in `audit.head` in the data dir, mode 0600.

The hash chain alone cannot show that its last entries were removed. The file is written after the commit, so a crash
in between leaves it behind the log, never ahead of it; the next entry brings it up to date.
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

from tenants.audit.state_files import put_away, read_state
from tenants.models import AuditEntry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The sequence number and hash of the last recorded entry."""

    sequence: int
    hash: str

    def is_in_the_log(self) -> bool:
        """Whether the audit log has an entry with this sequence number and hash."""
        return AuditEntry.objects.filter(sequence=self.sequence, hash=self.hash).exists()


def head_path() -> Path:
    """The path of the head file."""
    return Path(settings.LOOPKIT_DATA_DIR, "audit.head")


def known_head() -> AuditHead | None:
    """The recorded head, or None if the file is missing or empty. Raises ValueError if the file was changed."""
    return parse_head(read_state(head_path()) or b"")


def parse_head(content: bytes) -> AuditHead | None:
    """Parse the content of the head file; None if it is empty. Raises ValueError for text that is not a head."""
    if not content:
        return None
    sequence, entry_hash = content.decode("ascii").split()
    if not sequence.isdigit():
        raise ValueError(f"{sequence!r} is no number of an entry")
    return AuditHead(int(sequence), entry_hash)


def advance_head(entry: AuditEntry) -> None:
    """Record this entry as the head. The recorded head stays if it is later, or if the log has lost its entry."""
    with head_file() as file:
        head = parse_head(file.read())
        if head and not head.is_in_the_log():
            logger.error("the audit log lost entry %d: run manage.py check_data", head.sequence)
            return
        if head and entry.sequence <= head.sequence:
            return
        file.seek(0)
        file.write(f"{entry.sequence} {entry.hash}\n".encode())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())


def remove_lost_head() -> str:
    """Remove a head that the log has lost, and return it; "" if there is none or the log has it."""
    try:
        head = known_head()
        if head is None or head.is_in_the_log():
            return ""
        lost = f"{head.sequence} {head.hash}"
    except ValueError:
        lost = "not readable"
    put_away(head_path())
    return lost


@contextmanager
def head_file() -> Iterator[BinaryIO]:
    """Open the head file, creating it if needed, and lock it for one thread of one process at a time."""
    descriptor = os.open(head_path(), os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # closing the file unlocks it
        yield file
