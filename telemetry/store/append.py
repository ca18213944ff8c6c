"""
Appends spans to a project's store.

One transaction for all requests that wait, committed and synced before any of them is answered. A span
sent again adds only to the tally of duplicates; rollups and traces count rows that were really inserted. Rows whose ids
are stored already are compared with what is stored (known_ids.py). The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from telemetry.grouping import versions
from telemetry.grouping.versions import GroupingRules
from telemetry.store import (
    attributions,
    conflicts,
    context_logs,
    group_commit,
    known_ids,
    odd_times,
    quota,
    segments,
    tallies,
    traces,
    version_freshness,
)
from telemetry.store.batch import Batch, Receipt
from telemetry.store.counts import deployments
from telemetry.store.counts.counted_rows import add_counts
from telemetry.store.insertion import insert_new, unique
from telemetry.store.joined_logs import arrival
from telemetry.store.known_ids import Settled
from telemetry.store.ratings import joining
from telemetry.store.row import RecordRow
from telemetry.store.runs import kept_runs
from telemetry.store.same_calls import counting
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
    rules = versions.project_rules(bound_project())
    overdue = arrival.take_overdue(batches, rules)
    rows = [row for batch in batches for row in batch.rows]
    room = quota.room(batches[-1].quota)
    fitting_rows = quota.fit(quota.fit_signals(unique(rows), batches[-1].quota), room)
    new_rows = insert_new([part for batch in batches for part in batch.parts], fitting_rows)
    settled = settle_others(rows, fitting_rows, new_rows, room)
    own_rows = [*new_rows, *settled.inserted]
    inserted_rows = [*own_rows, *insert_overdue(overdue.rows)]
    count_inserted(inserted_rows, rules)
    conflicts.note_conflicts(settled.conflicts, batches[-1].now_unix_nano)
    left = None if room is None else room - len(own_rows)
    joined = arrival.join_logs(batches, inserted_rows, overdue, left, rules)
    outcomes = joined.outcomes | keep_context(batches, joined)
    receipts = [with_logs(batch_receipt(batch, settled.outcomes), batch, outcomes) for batch in batches]
    noted = odd_times.note_odd_times(inserted_rows, batches[-1].now_unix_nano)
    noted[tallies.SHARED_ID] += len(settled.inserted)
    noted[tallies.LOG_WITHOUT_SPAN] += overdue.lost
    noted[tallies.JOINED_TOO_OFTEN] += joined.lost
    noted[tallies.CALLS_NOT_SEARCHED] += joined.beyond
    tally_spans(batches, receipts, noted)
    return receipts


def keep_context(batches: Sequence[Batch], joined: arrival.JoinedLogs) -> dict[int, str]:
    """Keep the log records of the batches that are context; what became of each, by `id()`."""
    rows = [row for batch in batches for row in batch.context]
    return context_logs.keep_context_rows(rows, batches[-1].now_unix_nano, joined.quota)


def count_inserted(rows: Sequence[RecordRow], rules: GroupingRules) -> None:
    """Add the rows, which were just inserted, to their traces and to all that is counted of records."""
    grown_traces = traces.add_traces(rows)
    recount = counting.compare_calls(grown_traces)
    grown_traces = [
        trace._replace(now=recount.traces.get(trace.trace_id, trace.now)) for trace in grown_traces
    ]
    attributions.add_attributions(grown_traces, rules)
    kept_runs.add_runs(grown_traces, recount)
    add_counts(rows)
    deployments.merge_releases(rows)
    counting.settle_counts(recount)
    joining.join_signals([trace.now for trace in grown_traces])


def insert_overdue(rows: Sequence[RecordRow]) -> Sequence[RecordRow]:
    """Insert log records that are records of their own now, since they waited in vain for their span."""
    return insert_new(list(segments.pack(rows)), unique(list(rows))) if rows else rows


def settle_others(
    rows: Sequence[RecordRow],
    fitting_rows: Sequence[RecordRow],
    new_rows: Sequence[RecordRow],
    room: int | None,
) -> Settled:
    """What became of the rows that were not inserted under the ids that they were sent with."""
    if len(new_rows) == len(rows):
        return Settled()
    new_ids, fitting_keys = {id(row) for row in new_rows}, {row[:2] for row in fitting_rows}
    repeated = [row for row in rows if id(row) not in new_ids and row[:2] in fitting_keys]
    settled = known_ids.settle(repeated, None if room is None else room - len(new_rows))
    settled.outcomes |= {id(row): tallies.OVER_QUOTA for row in rows if row[:2] not in fitting_keys}
    return settled


def batch_receipt(batch: Batch, outcomes: Mapping[int, str]) -> Receipt:
    """The receipt of a batch. `outcomes`: by `id()` of a row, for those that were not simply stored."""
    if not outcomes:
        return Receipt(len(batch.rows), 0, batch.rejected)
    counts = Counter(outcomes.get(id(row), tallies.STORED) for row in batch.rows)
    rejected = batch.rejected + Counter({tallies.OVER_QUOTA: counts[tallies.OVER_QUOTA]})
    return Receipt(counts[tallies.STORED], counts[tallies.DUPLICATE], rejected, counts[tallies.CONFLICT])


def with_logs(receipt: Receipt, batch: Batch, outcomes: Mapping[int, str]) -> Receipt:
    """The receipt with the batch's log records that join spans, or are context. `outcomes`: by `id()` of each."""
    if not (batch.logs or batch.context):
        return receipt
    counts = Counter(outcomes[id(log)] for log in (*batch.logs, *batch.context))
    receipt.joined = counts.pop(tallies.LOG_JOINED, 0)
    receipt.context = counts.pop(tallies.CONTEXT_LOG, 0)
    receipt.others = counts.pop(tallies.OTHER_LOGS, 0)
    receipt.accepted += receipt.joined + receipt.context
    receipt.duplicates += counts.pop(tallies.DUPLICATE, 0)
    receipt.rejected = receipt.rejected + counts
    return receipt


def tally_spans(batches: Sequence[Batch], receipts: Sequence[Receipt], noted: Counter[str]) -> None:
    """
    Add the spans of these requests to the tallies by outcome, and their changed values by reason.

    `noted`: what is to be known of spans that were stored, by reason.
    """
    counts: Counter[tuple[int, str]] = Counter()
    for batch, receipt in zip(batches, receipts, strict=True):
        hour = batch.now_unix_nano // tallies.HOUR_NANO
        for reason, count in (outcomes_of(receipt) + receipt.rejected + batch.changed).items():
            counts[hour, reason] += count
    hour = batches[-1].now_unix_nano // tallies.HOUR_NANO
    tallies.add_tallies(counts + Counter({(hour, reason): count for reason, count in noted.items()}))


def outcomes_of(receipt: Receipt) -> Counter[str]:
    """The spans of a request that were not rejected, by outcome."""
    return Counter(
        {
            tallies.STORED: receipt.accepted - receipt.joined - receipt.context,
            tallies.LOG_JOINED: receipt.joined,
            tallies.CONTEXT_LOG: receipt.context,
            tallies.OTHER_LOGS: receipt.others,
            tallies.DUPLICATE: receipt.duplicates,
            tallies.CONFLICT: receipt.conflicts,
        }
    )
