"""
The SQLite backend for project files, which tries for the write lock at short, even intervals.

SQLite's own busy handler sleeps longer after each attempt, up to 100 ms, so under load the longest waiter keeps losing
to newer ones, and the slowest of a hundred requests took a second. Trying every millisecond costs little, because each
process has one writer at a time.
https://www.sqlite.org/c3ref/busy_timeout.html
"""

from __future__ import annotations

import sqlite3
import time
from functools import lru_cache
from typing import Any

from django.db.backends.signals import connection_created
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX, SQLiteCursorWrapper
from django.dispatch import receiver

from tenants.stores.sqlite_engine.base import DatabaseWrapper
from tenants.stores.stored_times import stored_datetime

STEP = 0.001  # seconds between two attempts
# Seconds to wait for the write lock. Exporters wait 10 s for an answer, and a request may first have to wait for the
# attempt of another one in its process.
PATIENCE = 4.0
# For all other statements: https://www.sqlite.org/wal.html#sometimes_queries_return_sqlite_busy
BUSY_TIMEOUT_MS = 10_000


# Django's own make no time of a damaged one, and false of anything but 1: a revoked key would work again.
# https://docs.python.org/3/library/sqlite3.html#sqlite3.register_converter
sqlite3.register_converter("bool", {b"1": True, b"0": False}.__getitem__)
sqlite3.register_converter("datetime", stored_datetime)


@receiver(connection_created)
def without_regular_expressions(connection: Any, **_: Any) -> None:
    """
    Put a refusal in place of REGEXP, Django's own function in Python, for every connection to SQLite. Nothing uses it,
    and one expression can occupy the whole process for hours: Python's matching lets no other thread run.
    https://docs.djangoproject.com/en/5.2/ref/databases/#sqlite-notes
    """
    if connection.vendor == "sqlite":
        connection.connection.create_function("REGEXP", 2, refuse_pattern)


def refuse_pattern(pattern: object, text: object) -> None:
    """Raises NotSupportedError, which SQLite makes an OperationalError of."""
    raise sqlite3.NotSupportedError("A statement must not run regular expressions: filter in Python instead.")


@lru_cache(maxsize=256)
def with_qmarks(query: str) -> str:
    """The statement with `?` placeholders, SQLite's own parameter style, instead of `%s`."""
    return FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%")


class ProjectCursor(SQLiteCursorWrapper):
    """
    Django's cursor with a cache for rewritten statements.

    Django rewrites the placeholders at every execution, which takes half the time of a large insert.
    """

    def convert_query(self, query: str, *, param_names: Any = None) -> str:
        """The statement with SQLite's placeholders, cached by its text."""
        if param_names is not None:
            return str(super().convert_query(query, param_names=param_names))
        return with_qmarks(query)


class ProjectDatabase(DatabaseWrapper):
    """A connection to a project's file."""

    transaction_mode: str | None

    def create_cursor(self, name: str | None = None) -> Any:
        """A ProjectCursor."""
        return self.connection.cursor(factory=ProjectCursor)

    def _start_transaction_under_autocommit(self) -> None:
        """Begin a transaction in the connection's mode. Raises OperationalError if the lock is not free in time."""
        connection: sqlite3.Connection = self.connection
        with self.wrap_database_errors:
            if self.transaction_mode != "IMMEDIATE":
                connection.execute(f"BEGIN {self.transaction_mode}")
                return
            connection.execute("PRAGMA busy_timeout=0")
            try:
                begin_immediate(connection)
            finally:
                connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def begin_immediate(connection: sqlite3.Connection) -> None:
    """Begin a transaction with the write lock, trying for PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(STEP)
