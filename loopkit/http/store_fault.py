"""
Handling of a database that is locked, full, read-only, outdated or damaged.

The same request may succeed later, so clients get 503. The log says which database failed, why, and the remedy for
the operator.
https://www.sqlite.org/rescode.html, docs/operations.md
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time

from django.db import DatabaseError, OperationalError, connections

logger = logging.getLogger(__name__)
CONTROL_DATABASE = "The control database"  # as the log calls it
QUIET_SECONDS = 10  # minimum time between two identical log lines of a process
MAX_REMEMBERED = 1000  # maximum number of log lines remembered
# Mask for the primary result code within an extended one: https://www.sqlite.org/rescode.html#pve
PRIMARY = 0xFF
DAMAGED = "The file is damaged: replace it with an undamaged copy, see docs/operations.md."
REMEDIES = {
    sqlite3.SQLITE_BUSY: "Another process holds the file's lock (`fuser` names it), or too many requests write.",
    sqlite3.SQLITE_FULL: "Make room on its disk; nothing else is needed.",
    sqlite3.SQLITE_READONLY: "Make the file, its folder and its disk writable for the server's user.",
    sqlite3.SQLITE_PERM: "Make the file, its folder and its disk writable for the server's user.",
    sqlite3.SQLITE_CANTOPEN: "Check that its disk is mounted, and that the server's user may read and write it.",
    sqlite3.SQLITE_IOERR: "Its disk fails or is full: see `df` and the kernel's log.",
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
# Of locks, disks and memory too, without a remedy of their own. Any other code is of a statement or its values.
OTHERS = {
    sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_SCHEMA, sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_NOMEM,
}  # fmt: skip
_last_logged: dict[tuple[str, str], float] = {}


def is_store_fault(error: Exception) -> bool:
    """
    Whether the error means that a store failed, rather than the request or this code.

    SQLite has one code for all that is wrong with a statement: tenants/stores/soundness.py finds out whether the file
    is the cause, and its Damage counts.
    """
    # Compared by name, because redis is installed only where it is used.
    if type(error).__module__ == "redis.exceptions":
        return True
    if not isinstance(error, OperationalError) and type(error) is not DatabaseError:
        return False
    code = sqlite_code(error)
    return code is None or code in REMEDIES or code in OTHERS


def sqlite_code(error: Exception) -> int | None:
    """The primary result code of SQLite behind Django's error; None if SQLite is not behind it."""
    code: int | None = getattr(error.__cause__, "sqlite_errorcode", None)
    return None if code is None else code & PRIMARY


def log_store_fault(error: Exception, project: str, path: str) -> None:
    """Log which store failed, why, and the remedy. Identical lines are logged once per QUIET_SECONDS."""
    store = getattr(error, "store", "") or fault_owner(project)
    reason = str(error)
    if was_just_logged(store, reason):
        return
    logger.error("%s is not available at %r: %s", store, path, with_remedy(error), extra={"about": store})


def with_remedy(error: Exception) -> str:
    """What the error says, and the remedy for the operator."""
    return f"{str(error).rstrip('.')}. {store_remedy(error)}".rstrip()


def log_damage(project: str, subject: str) -> None:
    """Log that something in a project's file cannot be read, with the remedy; once per QUIET_SECONDS for a project."""
    store = f"The store of project {project}"
    if not was_just_logged(store, "damaged rows"):
        logger.error("%s is damaged: %s cannot be read. %s", store, subject, DAMAGED, extra={"about": store})


def was_just_logged(store: str, reason: str) -> bool:
    """Whether the line was logged less than QUIET_SECONDS ago; if not, it counts as logged from now on."""
    now = time.monotonic()
    if now - _last_logged.get((store, reason), -QUIET_SECONDS) < QUIET_SECONDS:
        return True
    if len(_last_logged) >= MAX_REMEMBERED:
        _last_logged.clear()
    _last_logged[store, reason] = now
    return False


def let_go(error: Exception) -> None:
    """
    Close this thread's connection to the control database if it failed, so that a repaired file is opened again.

    The connection stays open while the file is read-only: a connection opened then would stay read-only.
    """
    connection = connections["default"]
    is_read_only = sqlite_code(error) == sqlite3.SQLITE_READONLY
    is_stuck = is_read_only and not os.access(connection.settings_dict["NAME"], os.W_OK)
    if connection.errors_occurred and not connection.in_atomic_block and not is_stuck:
        connection.close()


def fault_owner(project: str) -> str:
    """
    The name of the store that failed. A failed connection to the control database keeps its error flag until the
    request ends.
    """
    return failed_control_database() or (f"The store of project {project}" if project else CONTROL_DATABASE)


def failed_control_database() -> str:
    """The control database as the log calls it, if this thread's connection to it has failed; otherwise ""."""
    return CONTROL_DATABASE if connections["default"].errors_occurred else ""


def store_remedy(error: Exception) -> str:
    """The remedy for the operator, or "" if none is known for the error (some messages contain their own)."""
    code = sqlite_code(error)
    return "" if code is None else REMEDIES.get(code, "")
