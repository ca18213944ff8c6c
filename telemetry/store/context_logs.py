"""
Log records that are kept as context of their trace, for so many days, where the project asks for it.

They are no records: nothing is counted of them, and no cluster or packet is made of them. So many of a trace are kept,
each once. `keep_context_rows` is called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL
15.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from telemetry.spans.context_log import ContextRow
from telemetry.store import tallies
from telemetry.store.insertion import Key
from telemetry.store.quota import QuotaRoom
from telemetry.store.sql import fetch, fetch_many, id_chunks, id_placeholders, write_many
from telemetry.store.transactions import atomic

MOST_OF_TRACE = 1_000
ERASED_AT_ONCE, MOST_ROUNDS = 1_000, 1_000
COLUMNS = ("trace_id", "log_id", "span_id", "time_unix_nano", "arrived_unix_nano", "service", "content")
ADD = f"INSERT INTO telemetry_contextlog ({', '.join(COLUMNS)}) VALUES {{rows}}"  # noqa: S608  (constants)
KNOWN = """
    WITH wanted (its_trace, its_log) AS (VALUES {rows})
    SELECT trace_id, log_id FROM wanted JOIN telemetry_contextlog ON trace_id = its_trace AND log_id = its_log
"""
NUMBERS = "SELECT trace_id, COUNT(*) FROM telemetry_contextlog WHERE trace_id IN {ids} GROUP BY trace_id"
OLDEST = """
    SELECT trace_id, log_id FROM telemetry_contextlog WHERE arrived_unix_nano < %s
    ORDER BY arrived_unix_nano, trace_id, log_id LIMIT %s
"""
DELETE = """
    WITH gone (its_trace, its_log) AS (VALUES {rows})
    DELETE FROM telemetry_contextlog WHERE EXISTS (
        SELECT 1 FROM gone WHERE its_trace = trace_id AND its_log = log_id)
"""


def keep_context_rows(rows: Sequence[ContextRow], now_unix_nano: int, quota: QuotaRoom) -> dict[int, str]:
    """Keep those of these log records that are new, while their trace and the quota have room; what became of each."""
    outcomes: dict[int, str] = {}
    if not rows:
        return outcomes
    known = {
        (bytes(trace), bytes(log)) for trace, log in fetch_many(KNOWN, sorted({row[:2] for row in rows}))
    }
    numbers = numbers_of({row.trace_id for row in rows})
    new: dict[Key, ContextRow] = {}
    for row in rows:
        if row[:2] in known or row[:2] in new:
            outcomes[id(row)] = tallies.DUPLICATE
        elif numbers[row.trace_id] >= MOST_OF_TRACE:
            outcomes[id(row)] = tallies.OTHER_LOGS
        elif not quota.take():
            outcomes[id(row)] = tallies.OVER_QUOTA
        else:
            new[row[:2]] = row
            numbers[row.trace_id] += 1
            outcomes[id(row)] = tallies.CONTEXT_LOG
    write_many(ADD, [stored_columns(row, now_unix_nano) for row in new.values()])
    return outcomes


def numbers_of(trace_ids: set[bytes]) -> Counter[bytes]:
    """How many are kept of each of these traces."""
    numbers: Counter[bytes] = Counter()
    for chunk in id_chunks(trace_ids):
        numbers.update(
            {
                bytes(trace_id): int(count)
                for trace_id, count in fetch(NUMBERS.format(ids=id_placeholders(chunk)), chunk)
            }
        )
    return numbers


def stored_columns(row: ContextRow, now_unix_nano: int) -> tuple[bytes | int | str | None, ...]:
    """The values of COLUMNS."""
    *ids, span_id, time_unix_nano, service, message = row
    return *ids, span_id or None, time_unix_nano, now_unix_nano, service, message.SerializeToString()


def erase_before(arrived_unix_nano: int) -> int:
    """
    Erase those that arrived before; returns their number.

    A transaction for some at a time, so that others are not kept from writing. What is left after MOST_ROUNDS is left
    to the next call.
    """
    erased = 0
    for _ in range(MOST_ROUNDS):
        with atomic():
            keys = fetch(OLDEST, [arrived_unix_nano, ERASED_AT_ONCE])
            write_many(DELETE, keys)
        erased += len(keys)
        if len(keys) < ERASED_AT_ONCE:
            break
    return erased
