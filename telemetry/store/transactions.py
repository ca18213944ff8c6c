"""The transactions in which a project's bound store is read and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections, transaction  # noqa: TID251  (this is the module that offers the right atomic)

from tenants.stores import pool
from tenants.stores.binding import bound_alias
from tenants.stores.project_file import check_version


def atomic() -> AbstractContextManager[None]:
    """A transaction on the bound project's store that holds its write lock from the start."""
    guard: AbstractContextManager[None] = transaction.atomic(using=bound_alias())
    return guard


@contextmanager
def snapshot() -> Iterator[None]:
    """A transaction in which several reads of the bound store see the same state, without blocking writers."""
    connection: Any = connections[bound_alias()]
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with atomic():
            yield
    finally:
        connection.transaction_mode = mode


@contextmanager
def checked_transaction() -> Iterator[None]:
    """
    A transaction on a file of this code's schema that is still the project's file after the commit.

    Raises OperationalError if the file was migrated or replaced meanwhile: nothing is acknowledged, and clients retry.
    """
    connection: Any = connections[bound_alias()]
    with atomic():
        check_version(connection)
        yield
    pool.check_identity(connection)
