"""
The pool of open project files: one per process, bounded, least recently used closed first.

Closing a WAL file after writes costs about 10 ms, so a connection outlives its request. One pool per process, not per
thread, keeps the number of file descriptors independent of the number of threads: each connection holds three.

A connection belongs to the file that had the name when it was opened. If somebody has since replaced or removed that
file, rows written through the old connection would be acknowledged and lost.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.models import Project
from tenants.stores import ownership, project_file

# Key in a connection's settings: the identity of the file that it was opened on.
IDENTITY = "LOOPKIT_FILE"
_lock = threading.Lock()
_idle: deque[BaseDatabaseWrapper] = deque()  # most recently used last
# Connections that a forked child inherited. Never closed: https://www.sqlite.org/howtocorrupt.html, section 2.6
_inherited: list[BaseDatabaseWrapper] = []


def take_connection(project: Project) -> BaseDatabaseWrapper:
    """Return a connection to the project's file, for the caller's exclusive use until `give_back_connection`."""
    path = project_file.path_of(project.project_id)
    connection, outdated = from_idle(str(path), project_file.file_identity(path))
    for old in outdated:
        close(old)
    return connection or opened(project)


def from_idle(
    name: str, identity: project_file.FileIdentity | None
) -> tuple[BaseDatabaseWrapper | None, list[BaseDatabaseWrapper]]:
    """
    Take from the pool the latest idle connection to this file (or None), and all to other files that had its name.
    """
    with _lock:
        same_name = [connection for connection in _idle if connection.settings_dict["NAME"] == name]
        current = [connection for connection in same_name if connection.settings_dict[IDENTITY] == identity]
        outdated = [connection for connection in same_name if connection not in current]
        for connection in [*outdated, *current[-1:]]:
            _idle.remove(connection)
    return (current[-1] if current else None), outdated


def opened(project: Project) -> BaseDatabaseWrapper:
    """
    Open a new connection that records the identity of its file. Raises OutdatedFile, WrongOwner or another
    OperationalError.
    """
    path = project_file.ensure(project)
    connection = project_file.connection_to(path, project_file.alias_of(project.project_id))
    # Read before the file is opened: if it is replaced in between, the connection is reopened later; no rows are lost.
    connection.settings_dict[IDENTITY] = project_file.file_identity(path)
    try:
        project_file.check_version(connection)
        ownership.check_owner(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_identity(connection: BaseDatabaseWrapper) -> None:
    """Raise OperationalError if the connection's file was replaced or removed: rows just written to it are lost."""
    path = Path(connection.settings_dict["NAME"])
    if project_file.file_identity(path) != connection.settings_dict[IDENTITY]:
        raise OperationalError(f"{path.name} was replaced or removed while it was being written")


def give_back_connection(connection: BaseDatabaseWrapper) -> None:
    """Return a connection to the pool, or close it if it is broken. Closes the oldest ones above the pool's bound."""
    if connection.in_atomic_block or connection.errors_occurred or connection.connection is None:
        close(connection)
        return
    with _lock:
        _idle.append(connection)
        surplus = [_idle.popleft() for _ in range(len(_idle) - settings.LOOPKIT_OPEN_STORES)]
    for old in surplus:
        close(old)


def close(connection: BaseDatabaseWrapper) -> None:
    """Close a connection, even in the middle of a transaction."""
    connection.in_atomic_block = False
    connection.close()


def close_all() -> None:
    """Close every idle connection."""
    with _lock:
        idle = list(_idle)
        _idle.clear()
    for connection in idle:
        close(connection)


def forget_connections() -> None:
    """Empty the pool of a forked child without closing the parent's connections, which can corrupt their files."""
    _inherited.extend(_idle)
    _idle.clear()


os.register_at_fork(after_in_child=forget_connections)
