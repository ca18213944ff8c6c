"""
Rows whose ids are stored already: spans sent again, other versions of a stored span, and other spans with its ids.

- A span sent again is a duplicate.
- A version that differs from the stored one is a conflict: the first arrival stays, and the ledger names the record.
- Another span (telemetry/spans/shared_ids.py) is stored under an id of its own.

Called inside store.append's transaction, after the rows with new ids were inserted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.shared_ids import own_span_id
from telemetry.spans.signal_traces import is_signal
from telemetry.store import quota, segments, tallies
from telemetry.store.insertion import insert_new, unique
from telemetry.store.row import RecordRow
from telemetry.store.span_versions import differing_fields, is_same_time
from telemetry.store.sql import fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
OTHER_SPAN = "other_span"
# Not `(trace_id, span_id) IN (VALUES ...)`: for more than one row SQLite then reads the whole table. The span as it was
# sent is the first version of a record that log records joined.
STORED = """
    WITH wanted (wanted_trace, wanted_span) AS (VALUES {rows})
    SELECT record.trace_id, record.span_id, kind, service, name, start_time_unix_nano,
        COALESCE(sent.segment_id, record.segment_id), COALESCE(sent.position, record.position)
    FROM wanted
    JOIN telemetry_record AS record ON record.trace_id = wanted_trace AND record.span_id = wanted_span
    LEFT JOIN telemetry_earlierversion AS sent
        ON sent.trace_id = wanted_trace AND sent.span_id = wanted_span AND sent.number = 1
"""
INSERT_SHARED = """
    INSERT INTO telemetry_sharedspan (trace_id, span_id, sent_span_id) VALUES {rows} ON CONFLICT DO NOTHING
"""


class StoredVersion(NamedTuple):
    """What tells a stored span from others with its ids, and the place of the whole of it."""

    trace_id: bytes
    span_id: bytes
    kind: int
    service: str
    name: str
    start_time_unix_nano: int
    segment_id: int
    position: int


class LaterVersion(NamedTuple):
    """A version that came later, and the fields in which it differs from the stored one."""

    row: RecordRow
    fields: tuple[str, ...]


@dataclass(slots=True)
class Settled:
    """The outcome of each row by its `id()`, the rows that were inserted under other ids, and the conflicts."""

    outcomes: dict[int, str] = field(default_factory=dict)
    inserted: list[RecordRow] = field(default_factory=list)
    conflicts: list[LaterVersion] = field(default_factory=list)


def settle(rows: Sequence[RecordRow], room: int | None) -> Settled:
    """Compare the rows with those stored under their ids, and insert those that are other spans."""
    settled = compare(rows)
    others = [row for row in rows if settled.outcomes[id(row)] == OTHER_SPAN]
    if not others:
        return settled
    renamed = [row._replace(span_id=own_span_id(row.message)) for row in others]
    fitting = quota.fit(unique(renamed), room)
    settled.inserted = list(insert_new(segments.pack(fitting), fitting))
    write_shared_ids(settled.inserted)
    inserted_ids, fitting_keys = {id(row) for row in settled.inserted}, {row[:2] for row in fitting}
    repeated = [row for row in renamed if id(row) not in inserted_ids and row[:2] in fitting_keys]
    again = compare(repeated)
    for row, other in zip(others, renamed, strict=True):
        outcome = tallies.STORED if id(other) in inserted_ids else tallies.OVER_QUOTA
        settled.outcomes[id(row)] = again.outcomes.get(id(other), outcome)
    settled.conflicts += again.conflicts
    return settled


def compare(rows: Sequence[RecordRow]) -> Settled:
    """What each of these rows, whose ids are stored, is to the record with them."""
    versions = read_versions({row[:2] for row in rows})
    contents = segments.serialized_spans(versions.values())
    settled = Settled()
    for row in rows:
        version = versions[row[:2]]
        if not is_version(row, version):
            settled.outcomes[id(row)] = OTHER_SPAN
        elif fields := differences(row, contents.get(version[-2:])):
            settled.outcomes[id(row)] = tallies.CONFLICT
            settled.conflicts.append(LaterVersion(row, fields))
        else:
            settled.outcomes[id(row)] = tallies.DUPLICATE
    return settled


def read_versions(keys: Iterable[Key]) -> dict[Key, StoredVersion]:
    """The stored spans with these ids, by trace and span id."""
    rows = [StoredVersion(bytes(row[0]), bytes(row[1]), *row[2:]) for row in fetch_many(STORED, sorted(keys))]
    return {row[:2]: row for row in rows}


def is_version(row: RecordRow, stored: StoredVersion) -> bool:
    """Whether the row and the stored record are one span, or one user signal, whose ids LoopKit makes."""
    if is_signal(row.trace_id) or row.span_id != row.sent_span_id:
        return True
    names = row.kind, row.service, row.name
    return names == (stored.kind, stored.service, stored.name) and is_same_time(
        row.start_time_unix_nano, stored.start_time_unix_nano
    )


def differences(row: RecordRow, content: bytes | None) -> tuple[str, ...]:
    """The fields in which the row's span differs from the stored one; none if that cannot be read, or of a signal."""
    if content is None or is_signal(row.trace_id) or content == row.content:
        return ()
    try:
        return tuple(differing_fields(SpanMessage.FromString(content), row.message))
    except DecodeError:
        return ()


def write_shared_ids(rows: Iterable[RecordRow]) -> None:
    """Store the ids that these spans were sent with, beside their own."""
    write_many(INSERT_SHARED, [(row.trace_id, row.span_id, row.sent_span_id) for row in rows])
