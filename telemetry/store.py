"""
The narrow door to a project's store: rows are appended here and nowhere else.

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

from telemetry import commits, rollups, traces
from telemetry.batch import Batch, Receipt
from telemetry.insertion import existing, insert_new
from telemetry.normalise import Row
from telemetry.sql import fetch, write_many
from tenants.binding import bound_alias

HOUR_NANO = 3_600_000_000_000
STORED, DUPLICATE, OVER_QUOTA = "stored", "duplicate", "over_quota"


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
    """Store what is new and fits the quota. The receipt is true once this returns."""
    return commits.together(bound_alias(), batch, write)


def write(batches: Sequence[Batch]) -> list[Receipt]:
    """Store the batches in one transaction: a receipt for each."""
    unique: dict[tuple[bytes, bytes], Row] = {}
    for batch in batches:
        for row in batch.rows:
            unique.setdefault(row[:2], row)  # the first of a pair stays
    with atomic():
        fitting = fit(list(unique.values()), batches[-1].quota)
        inserted = insert_new([part for batch in batches for part in batch.parts], fitting)
        traces.add(inserted)
        rollups.add(inserted)
        receipts = given(batches, fitting, inserted)
        tally(batches, receipts)
    return receipts


def given(batches: Sequence[Batch], fitting: Sequence[Row], inserted: Sequence[Row]) -> list[Receipt]:
    """What became of each batch's rows."""
    known, new = {row[:2] for row in fitting}, {id(row) for row in inserted}
    receipts = []
    for batch in batches:
        accepted = sum(id(row) in new for row in batch.rows)
        over = sum(row[:2] not in known for row in batch.rows)
        rejected = batch.rejected + Counter({OVER_QUOTA: over})
        receipts.append(Receipt(accepted, len(batch.rows) - over - accepted, rejected))
    return receipts


def fit(rows: list[Row], quota: int | None) -> list[Row]:
    """The rows that may be tried: those stored already, and as many new ones as the quota has room for."""
    if quota is None:
        return rows
    room = quota - stored()
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


def stored() -> int:
    """How many spans were ever stored; what the quota counts."""
    sql = "SELECT COALESCE(SUM(count), 0) FROM telemetry_tally WHERE reason = %s"
    return int(fetch(sql, [STORED])[0][0])


def tally(batches: Sequence[Batch], receipts: Sequence[Receipt]) -> None:
    """Count every span of these requests by what became of it."""
    counts: Counter[tuple[int, str]] = Counter()
    for batch, receipt in zip(batches, receipts, strict=True):
        told = {STORED: receipt.accepted, DUPLICATE: receipt.duplicates, **receipt.rejected}
        counts.update({(batch.now_unix_nano // HOUR_NANO, reason): count for reason, count in told.items()})
    write_many(
        "INSERT INTO telemetry_tally (hour, reason, count) VALUES {rows} "
        "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count",
        [(hour, reason, count) for (hour, reason), count in sorted(counts.items()) if count],
    )
