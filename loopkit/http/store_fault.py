"""
A database that is locked, full, read-only, outdated or damaged: whose it is, why, and what its operator does.

The same request may succeed later, so clients get 503; the remedy goes to the log. A leaf: it imports nothing of ours.
https://www.sqlite.org/rescode.html, docs/operations.md
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time

from django.db import DatabaseError, OperationalError, connections

logger = logging.getLogger(__name__)
QUIET_SECONDS = 10  # between two lines of one process that would say the same
MAX_SAID = 1000
PRIMARY = 0xFF  # an extended result code holds its primary one: https://www.sqlite.org/rescode.html#pve
DAMAGED = "The file is damaged: put a sound copy in its place, see docs/operations.md."
REMEDIES = {
    sqlite3.SQLITE_BUSY: "Another process holds the file's lock (`fuser` names it), or too many write.",
    sqlite3.SQLITE_FULL: "Make room on its disk; nothing else is needed.",
    sqlite3.SQLITE_READONLY: "Make the file, its folder and its disk writable for the server's user.",
    sqlite3.SQLITE_PERM: "Make the file, its folder and its disk writable for the server's user.",
    sqlite3.SQLITE_CANTOPEN: "Check that its disk is mounted, and that the server's user may read and write it.",
    sqlite3.SQLITE_IOERR: "Its disk fails or is full: see `df` and the kernel's log.",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
_said: dict[tuple[str, str], float] = {}


def is_one(error: Exception) -> bool:
    """Whether a store failed, and not the request or this code. telemetry's DamagedStore is an OperationalError."""
    is_redis = type(error).__module__ == "redis.exceptions"  # a package that is there only where it is used
    return is_redis or isinstance(error, OperationalError) or type(error) is DatabaseError


def report(error: Exception, project: str, path: str) -> None:
    """Log whose store failed, why, and the remedy; what would be said again and again, every QUIET_SECONDS."""
    store = owner(project)
    reason = str(error)
    now = time.monotonic()
    if now - _said.get((store, reason), -QUIET_SECONDS) < QUIET_SECONDS:
        return
    if len(_said) >= MAX_SAID:
        _said.clear()
    _said[store, reason] = now
    said = f"{reason.rstrip('.')}. {remedy(error)}".rstrip()
    logger.error("%s is not available at %r: %s", store, path, said)


def let_go(error: Exception) -> None:
    """
    Close this thread's connection to the control database when it failed, so that a mended file is opened anew.
    Not while the file is read-only: what is opened then stays read-only.
    """
    connection = connections["default"]
    code = getattr(error.__cause__, "sqlite_errorcode", 0) & PRIMARY
    is_stuck = code == sqlite3.SQLITE_READONLY and not os.access(connection.settings_dict["NAME"], os.W_OK)
    if connection.errors_occurred and not connection.in_atomic_block and not is_stuck:
        connection.close()


def owner(project: str) -> str:
    """Which store it was; a fault of the control database shows on its connection until the request ends."""
    if connections["default"].errors_occurred or not project:
        return "The control database"
    return f"The store of project {project}"


def remedy(error: Exception) -> str:
    """What the operator does; "" where the error says it itself."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return "" if code is None else REMEDIES.get(code & PRIMARY, "")
