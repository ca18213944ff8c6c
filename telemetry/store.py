"""
The narrow door to a project's store: rows are appended here and nowhere else.

One transaction an append, committed and synced when it returns. A span sent again changes nothing, and
rollups, traces and tallies count only what was really inserted. SQL that SQLite 3.40 and PostgreSQL 15 speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction  # noqa: TID251  (this is the module that offers the right atomic)

from telemetry import rollups, traces
from telemetry.insertion import existing, insert_new, key
from telemetry.models import Tally
from telemetry.normalise import Row
from telemetry.sql import write_many
from tenants.binding import bound_alias

HOUR_NANO = 3_600_000_000_000


@dataclass(slots=True)
class Receipt:
    """What became of the spans of one request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason

    @property
    def rejected_total(self) -> int:
        """Spans that will not be stored."""
        return self.rejected.total()


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


def append(rows: Sequence[Row], rejected: Iterable[str], quota: int | None, now_unix_nano: int) -> Receipt:
    """Store what is new and fits the quota. The receipt is true once this returns."""
    receipt = Receipt(rejected=Counter(rejected))
    unique = {key(row): row for row in reversed(rows)}  # the first of a pair stays
    candidates = list(reversed(unique.values()))
    with atomic():
        fitting = fit(candidates, quota)
        inserted = insert_new(fitting)
        traces.add(inserted)
        rollups.add(inserted)
        known = {key(row) for row in fitting}
        over = sum(key(row) not in known for row in rows)
        receipt.accepted = len(inserted)
        receipt.duplicates = len(rows) - over - len(inserted)
        receipt.rejected += Counter({"over_quota": over})
        tally(receipt, now_unix_nano // HOUR_NANO)
    return receipt


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
        if key(row) not in known:
            if room <= 0:
                continue
            room -= 1
        fitting.append(row)
    return fitting


def stored() -> int:
    """How many spans were ever stored; what the quota counts."""
    return sum(Tally.objects.filter(reason="stored").values_list("count", flat=True))


def tally(receipt: Receipt, hour: int) -> None:
    """Count every span of the request by what became of it."""
    counts = {"stored": receipt.accepted, "duplicate": receipt.duplicates, **receipt.rejected}
    write_many(
        "INSERT INTO telemetry_tally (hour, reason, count) VALUES (%s, %s, %s) "
        "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count",
        [(hour, reason, count) for reason, count in sorted(counts.items()) if count],
    )
