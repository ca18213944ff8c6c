"""
Appends spans to a project's store.

One transaction for all requests that wait, committed and synced before any of them is answered. A span
sent again adds only to the tally of duplicates; rollups and traces count rows that were really inserted. The SQL
runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from telemetry.store import (
    attributions,
    group_commit,
    releases,
    rollups,
    tallies,
    traces,
    version_freshness,
)
from telemetry.store.batch import Batch, Receipt
from telemetry.store.insertion import existing, insert_new
from telemetry.store.row import RecordRow
from telemetry.store.transactions import checked_transaction
from tenants.stores.binding import bound_project


def append(batch: Batch) -> Receipt:
    """
    Store the rows that are new and fit the quota, and return the receipt once they are committed.

    The request waits for its turn at this store (group_commit.py). The request whose turn it is opens one
    `checked_transaction`, writes the batches of all that wait by then with `write_batches`, and gives each its receipt.
    """
    return group_commit.commit_together(bound_project().project_id, batch, checked_transaction, write_batches)


def write_batches(batches: Sequence[Batch]) -> list[Receipt]:
    """Store the batches in the open transaction; returns a receipt for each."""
    version_freshness.check_versions(batches)
    rows = [row for batch in batches for row in batch.rows]
    fitting_rows = fit(unique(rows), batches[-1].quota)
    new_rows = insert_new([part for batch in batches for part in batch.parts], fitting_rows)
    attributions.add_attributions(new_rows, traces.add_traces(new_rows))
    rollups.add_rollups(new_rows)
    releases.add_releases(new_rows)
    receipts = batch_receipts(batches, fitting_rows, new_rows)
    tally_spans(batches, receipts)
    return receipts


def unique(rows: list[RecordRow]) -> list[RecordRow]:
    """The rows without those that repeat a span of an earlier row."""
    first = {row[:2]: row for row in reversed(rows)}
    return rows if len(first) == len(rows) else list(first.values())[::-1]


def batch_receipts(
    batches: Sequence[Batch], fitting_rows: Sequence[RecordRow], new_rows: Sequence[RecordRow]
) -> list[Receipt]:
    """The receipt of each batch."""
    if len(new_rows) == sum(len(batch.rows) for batch in batches):
        return [Receipt(len(batch.rows), 0, batch.rejected) for batch in batches]
    fitting_keys, new_ids = {row[:2] for row in fitting_rows}, {id(row) for row in new_rows}
    receipts = []
    for batch in batches:
        accepted = sum(id(row) in new_ids for row in batch.rows)
        over_quota = sum(row[:2] not in fitting_keys for row in batch.rows)
        rejected = batch.rejected + Counter({tallies.OVER_QUOTA: over_quota})
        receipts.append(Receipt(accepted, len(batch.rows) - over_quota - accepted, rejected))
    return receipts


def fit(rows: list[RecordRow], quota: int | None) -> list[RecordRow]:
    """The rows within the quota: new ones as long as there is room, and repeats of stored ones, which need none."""
    if quota is None:
        return rows
    room = quota - tallies.stored()
    if room >= len(rows):
        return rows
    stored_keys = existing(rows)
    fitting_rows = []
    for row in rows:
        if row[:2] not in stored_keys:
            if room <= 0:
                continue
            room -= 1
        fitting_rows.append(row)
    return fitting_rows


def tally_spans(batches: Sequence[Batch], receipts: Sequence[Receipt]) -> None:
    """Add the spans of these requests to the tallies by outcome, and their changed values by reason."""
    counts: Counter[tuple[int, str]] = Counter()
    for batch, receipt in zip(batches, receipts, strict=True):
        hour = batch.now_unix_nano // tallies.HOUR_NANO
        outcomes = Counter({tallies.STORED: receipt.accepted, tallies.DUPLICATE: receipt.duplicates})
        for reason, count in (outcomes + receipt.rejected + batch.changed).items():
            counts[hour, reason] += count
    tallies.add_tallies(counts)
