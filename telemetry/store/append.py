"""
Appends spans to a project's store, and opens the transactions that everything else reads and writes it in.

One transaction an append, committed and synced when it returns; requests that wait at the same time share it. A span
sent again changes nothing, and rollups, traces and tallies count only what was really inserted. SQL that SQLite 3.40
and PostgreSQL 15 speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections, transaction  # noqa: TID251  (this is the module that offers the right atomic)

from telemetry.store import charges, group_commit, rollups, tallies, traces, version_lease
from telemetry.store.batch import Batch, Receipt
from telemetry.store.insertion import existing, insert_new
from telemetry.store.row import Row
from tenants.stores import pool
from tenants.stores.binding import bound_alias, bound_project
from tenants.stores.project_file import check_version


def atomic() -> AbstractContextManager[None]:
    """All or nothing in the bound project's store, holding its write lock from the start."""
    guard: AbstractContextManager[None] = transaction.atomic(using=bound_alias())
    return guard


@contextmanager
def snapshot() -> Iterator[None]:
    """Several reads of the bound store that see one moment, without blocking writers."""
    connection: Any = connections[bound_alias()]
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with atomic():
            yield
    finally:
        connection.transaction_mode = mode


def append(batch: Batch) -> Receipt:
    """
    Store what is new and fits the quota. The receipt is true once this returns.

    The request waits for its turn at this store (group_commit.py). Whoever has it opens one `checked_transaction`,
    writes the batches of all that wait by then with `write_batches`, and hands each its receipt.
    """
    return group_commit.together(bound_project().project_id, batch, checked_transaction, write_batches)


@contextmanager
def checked_transaction() -> Iterator[None]:
    """
    A transaction on a file of this code's schema that still has the project's name when it is committed. Where it was
    migrated or replaced meanwhile, nothing is acknowledged, and the client sends again.
    """
    connection: Any = connections[bound_alias()]
    with atomic():
        check_version(connection)
        yield
    pool.check_identity(connection)


def write_batches(batches: Sequence[Batch]) -> list[Receipt]:
    """Store the batches in the transaction that was begun: a receipt for each."""
    version_lease.check(batches)
    rows = [row for batch in batches for row in batch.rows]
    fitting = fit(unique(rows), batches[-1].quota)
    inserted = insert_new([part for batch in batches for part in batch.parts], fitting)
    charges.add(inserted, traces.add(inserted))
    rollups.add(inserted)
    receipts = given(batches, fitting, inserted)
    tally(batches, receipts)
    return receipts


def unique(rows: list[Row]) -> list[Row]:
    """The rows without those that name a span once more: the first of a pair stays."""
    first = {row[:2]: row for row in reversed(rows)}
    return rows if len(first) == len(rows) else list(first.values())[::-1]


def given(batches: Sequence[Batch], fitting: Sequence[Row], inserted: Sequence[Row]) -> list[Receipt]:
    """What became of each batch's rows."""
    if len(inserted) == sum(len(batch.rows) for batch in batches):
        return [Receipt(len(batch.rows), 0, batch.rejected) for batch in batches]
    known, new = {row[:2] for row in fitting}, {id(row) for row in inserted}
    receipts = []
    for batch in batches:
        accepted = sum(id(row) in new for row in batch.rows)
        over = sum(row[:2] not in known for row in batch.rows)
        rejected = batch.rejected + Counter({tallies.OVER_QUOTA: over})
        receipts.append(Receipt(accepted, len(batch.rows) - over - accepted, rejected))
    return receipts


def fit(rows: list[Row], quota: int | None) -> list[Row]:
    """The rows that may be tried: those stored already, and as many new ones as the quota has room for."""
    if quota is None:
        return rows
    room = quota - tallies.stored()
    if room >= len(rows):
        return rows
    known = existing(rows)
    fitting = []
    for row in rows:
        if row[:2] not in known:
            if room <= 0:
                continue
            room -= 1
        fitting.append(row)
    return fitting


def tally(batches: Sequence[Batch], receipts: Sequence[Receipt]) -> None:
    """Count every span of these requests by what became of it."""
    counts: Counter[tuple[int, str]] = Counter()
    for batch, receipt in zip(batches, receipts, strict=True):
        hour = batch.now_unix_nano // tallies.HOUR_NANO
        told = Counter({tallies.STORED: receipt.accepted, tallies.DUPLICATE: receipt.duplicates})
        for reason, count in (told + receipt.rejected + batch.changed).items():
            counts[hour, reason] += count
    tallies.add(counts)
