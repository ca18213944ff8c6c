"""
Open project files: one bounded pool for the whole process, least recently used closed first.

Closing a written WAL file costs about 10 ms, so a connection outlives its request. One pool a process, not
one a thread, keeps the number of descriptors independent of the number of threads: each holds three.

A connection belongs to the file that lay under the name when it was opened. Where a person put another file
there, or took it away, rows written through the old connection would be acknowledged and lost.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from pathlib import Path

from django.conf import settings
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.stores import project_file

IDENTITY = "LOOPKIT_FILE"  # in a connection's settings: the file it was opened on
_lock = threading.Lock()
_idle: deque[BaseDatabaseWrapper] = deque()  # most recently used last
_inherited: list[
    BaseDatabaseWrapper
] = []  # never closed: https://www.sqlite.org/howtocorrupt.html, section 2.6


def take(project_id: str) -> BaseDatabaseWrapper:
    """A connection to the project's file that nobody else uses until it is given back."""
    path = project_file.path_of(project_id)
    connection, outdated = from_idle(str(path), project_file.identity(path))
    for old in outdated:
        close(old)
    return connection or opened(project_id)


def from_idle(
    name: str, identity: project_file.FileIdentity | None
) -> tuple[BaseDatabaseWrapper | None, list[BaseDatabaseWrapper]]:
    """The latest idle connection to this very file, and those to another one that had its name."""
    with _lock:
        own = [connection for connection in _idle if connection.settings_dict["NAME"] == name]
        sound = [connection for connection in own if connection.settings_dict[IDENTITY] == identity]
        outdated = [connection for connection in own if connection not in sound]
        for connection in [*outdated, *sound[-1:]]:
            _idle.remove(connection)
    return (sound[-1] if sound else None), outdated


def opened(project_id: str) -> BaseDatabaseWrapper:
    """A new connection; it remembers which file it belongs to."""
    path = project_file.ensure(project_id)
    connection = project_file.connection_to(path, project_file.alias_of(project_id))
    # Looked up before it is opened: a file that is replaced in between costs another opening, no rows.
    connection.settings_dict[IDENTITY] = project_file.identity(path)
    try:
        project_file.check_version(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def check_identity(connection: BaseDatabaseWrapper) -> None:
    """OperationalError when another file, or none, has the name by now: what was just written is not the project's."""
    path = Path(connection.settings_dict["NAME"])
    if project_file.identity(path) != connection.settings_dict[IDENTITY]:
        raise OperationalError(f"{path.name} was replaced while it was written")


def give_back(connection: BaseDatabaseWrapper) -> None:
    """Keep the connection for the next request unless it is broken; close the oldest above the bound."""
    if connection.in_atomic_block or connection.errors_occurred or connection.connection is None:
        close(connection)
        return
    with _lock:
        _idle.append(connection)
        surplus = [_idle.popleft() for _ in range(len(_idle) - settings.LOOPKIT_OPEN_STORES)]
    for old in surplus:
        close(old)


def close(connection: BaseDatabaseWrapper) -> None:
    """Close for good, whatever state it is in."""
    connection.in_atomic_block = False
    connection.close()


def close_all() -> None:
    """Close every idle connection (before a file is moved, and in tests)."""
    with _lock:
        idle = list(_idle)
        _idle.clear()
    for connection in idle:
        close(connection)


def forget() -> None:
    """Leave the parent's connections alone in a forked child: even closing one can corrupt its file."""
    _inherited.extend(_idle)
    _idle.clear()


os.register_at_fork(after_in_child=forget)
