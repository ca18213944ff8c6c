"""
Django's SQLite backend for project files, with a fair way to the write lock.

SQLite's own busy handler sleeps longer each time, up to 100 ms, so under load whoever waits longest waits on, and the
slowest of a hundred requests took a second. Asking every millisecond costs little: each process sends one writer.
https://www.sqlite.org/c3ref/busy_timeout.html
"""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from typing import Any

from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX, DatabaseWrapper, SQLiteCursorWrapper

STEP = 0.001  # seconds
# Seconds for the lock: exporters wait 10 for an answer, and a turn can come after another's wait.
PATIENCE = 4.0
# Of all other statements: https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy
BUSY_TIMEOUT_MS = 10_000


@lru_cache(maxsize=256)
def with_qmarks(query: str) -> str:
    """The statement in SQLite's own parameter style."""
    return FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class ProjectCursor(SQLiteCursorWrapper):
    """Django's cursor, which rewrites each statement's placeholders anew: half the time of a large insert."""

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """As Django does, once for a text."""
        if param_names is not None:
            return str(super().convert_query(query, param_names=param_names))
        return with_qmarks(query)


class ProjectDatabase(DatabaseWrapper):
    """A connection to one project's file."""

    transaction_mode: str | None

    def create_cursor(self, name: str | None = None) -> Any:
        """Our cursor."""
        return self.connection.cursor(factory=ProjectCursor)

    def _start_transaction_under_autocommit(self) -> None:
        """BEGIN in the connection's mode. OperationalError when the lock is not free in time."""
        connection: sqlite3.Connection = self.connection
        with self.wrap_database_errors:
            if self.transaction_mode != "IMMEDIATE":
                connection.execute(f"BEGIN {self.transaction_mode}")
                return
            connection.execute("PRAGMA busy_timeout=0")
            try:
                begin(connection)
            finally:
                connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def begin(connection: sqlite3.Connection) -> None:
    """Take the write lock."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
        time.sleep(STEP)
