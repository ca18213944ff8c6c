"""
Django's SQLite backend, which takes a message of SQLite that is no text for the damage that it is.

SQLite quotes the file in its messages: a damaged schema, the name of a column. Python's sqlite3 decodes them, and where
they are no UTF-8 it raises UnicodeDecodeError in place of the error:
https://github.com/python/cpython/blob/3.11/Modules/_sqlite/util.c
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.utils import DatabaseErrorWrapper
from django.utils.functional import cached_property

from loopkit.http.store_fault import DAMAGED


class DamagedFile(OperationalError):
    """What SQLite says about the file is no text, because it quotes damaged bytes of it."""


class FileErrors(DatabaseErrorWrapper):
    """Raises the errors of sqlite3 as Django's, and DamagedFile for a message that is no text."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            return
        if issubclass(exc_type, UnicodeDecodeError):
            self.wrapper.errors_occurred = True  # type: ignore[attr-defined]
            raise DamagedFile(f"SQLite's message about the file is no text. {DAMAGED}") from exc_value
        super().__exit__(exc_type, exc_value, traceback)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a database file."""

    @cached_property
    def wrap_database_errors(self) -> Any:
        """The context manager in which Django connects, executes and fetches."""
        return FileErrors(self)
