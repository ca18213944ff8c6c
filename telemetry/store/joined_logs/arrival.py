"""
What becomes of log records that name a span: they join it, wait for it, or are records of their own in the end.

    overdue = take_overdue(batches, rules)                        # before the spans are stored
    joined = join_logs(batches, inserted, overdue, room, rules)     # after it

A failure, or an event that its client documents, becomes a record once its span has not come in time; other contents
are worth nothing without their span, and are counted. Called inside store.append's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.grouping.versions import GroupingRules
from telemetry.otlp.decode import read_span
from telemetry.spans.joining_log import EVENT_NAME, JoiningLog, event_of
from telemetry.spans.span import STATUS_ERROR
from telemetry.store import tallies
from telemetry.store.batch import Batch, RowOf
from telemetry.store.insertion import Key, keys_stored, write_shared
from telemetry.store.joined_logs import repeats, waiting
from telemetry.store.joined_logs.amended_records import AmendedRecord, amend
from telemetry.store.joined_logs.merged_span import (
    MOST_EVENTS,
    Event,
    event_order,
    joined_before,
    new_events,
    with_events,
)
from telemetry.store.joined_logs.stored_parts import SpanParts, origin_of, read_origins, read_parts
from telemetry.store.joined_logs.targets import JoiningCandidate, find_targets
from telemetry.store.joined_logs.waiting import QueuedLog
from telemetry.store.quota import QuotaRoom
from telemetry.store.row import RecordRow

Outcomes = dict[int, str]  # of log records, by `id()`
# Of a record, in as many requests: each is a copy of the span with all of its events.
MOST_VERSIONS = 32


@dataclass(slots=True)
class Overdue:
    """Log records that waited long enough: the rows of those that are records now, and the number of the others."""

    rows: list[RecordRow] = field(default_factory=list)
    lost: int = 0
    is_any_waiting: bool = False  # whether a log record waits at all


@dataclass(slots=True)
class JoinedLogs:
    """What became of log records while those that can join spans do so."""

    quota: QuotaRoom
    outcomes: Outcomes = field(default_factory=dict)  # of the log records of these batches
    lost: int = 0  # of those that waited: their span came, and has no place for them
    beyond: int = 0  # of those that came: their call may be one that was not looked at, among too many


def row_maker(batches: Sequence[Batch]) -> RowOf | None:
    """The function that makes rows of spans, or None where the batches bring none."""
    return next((batch.row_of for batch in batches if batch.row_of), None)


def take_overdue(batches: Sequence[Batch], rules: GroupingRules) -> Overdue:
    """Take out the log records that waited long enough, but for those whose span comes with these batches."""
    row_of, now = row_maker(batches), batches[-1].now_unix_nano
    deadline = waiting.first_deadline() if row_of else None
    if row_of is None or deadline is None:
        return Overdue()
    if deadline > now:
        return Overdue(is_any_waiting=True)
    coming = {row[:2] for batch in batches for row in batch.rows}
    logs = [log for log in waiting.overdue(now) if log[:2] not in coming]
    waiting.end_waiting(logs)
    rows = own_rows(logs, row_of, rules)
    return Overdue(rows, len(logs) - len(rows), is_any_waiting=True)


def own_rows(logs: Sequence[QueuedLog], row_of: RowOf, rules: GroupingRules) -> list[RecordRow]:
    """The rows of those of these log records that are worth a record without their span, and can be read."""
    origins = read_origins({number for log in logs for number in (log.resource_id, log.scope_id)})
    rows = []
    for log in logs:
        if log.resource_id not in origins or log.scope_id not in origins:
            continue
        try:
            message = SpanMessage.FromString(log.content)
            span = read_span(log.content, origin_of(origins[log.resource_id], origins[log.scope_id]))
        except DecodeError:
            continue
        if is_worth_a_record(message):
            rows.append(row_of(span, rules))
    return rows


def is_worth_a_record(message: SpanMessage) -> bool:
    """Whether the log record says something without its span: it is a failure, or an event that a client documents."""
    return message.status.code == STATUS_ERROR or any(pair.key == EVENT_NAME for pair in message.attributes)


def join_logs(
    batches: Sequence[Batch],
    inserted: Sequence[RecordRow],
    overdue: Overdue,
    room: int | None,
    rules: GroupingRules,
) -> JoinedLogs:
    """
    Join these batches' log records, and those that wait for the inserted rows, to their spans; let the others wait.

    `room`: what is left of the quota.
    """
    logs, row_of = [log for batch in batches for log in batch.logs], row_maker(batches)
    if row_of is None or not (logs or overdue.is_any_waiting):
        return JoinedLogs(QuotaRoom(room))
    came = waiting.for_rows(inserted) if overdue.is_any_waiting and inserted else []
    candidates = candidates_of(came, logs)
    targets, beyond = find_targets(candidates, inserted)
    joined = JoinedLogs(QuotaRoom(room), beyond=beyond)
    worn = refuse_repeats(candidates, targets, joined)
    parts = read_parts({target for target in targets if target} - worn)
    members = by_span(candidates, targets, parts)
    events = {key: joining_events(parts[key], of_span, joined) for key, of_span in members.items()}
    amend([amended_record(parts[key], news, row_of, rules) for key, news in events.items() if news], rules)
    repeats.count_repeats(key for key, news in events.items() if not news)
    settled = parts.keys() | worn
    waiting.end_waiting(log for log, target in zip(came, targets, strict=False) if target in settled)
    let_wait([log for log in logs if id(log) not in joined.outcomes], batches[-1].now_unix_nano, joined)
    return joined


def candidates_of(came: Sequence[QueuedLog], logs: Sequence[JoiningLog]) -> list[JoiningCandidate]:
    """The log records that waited, and then those of the batches, as ones that may join a span."""
    return [
        *(JoiningCandidate(log[:2], SpanMessage.FromString(log.content), None) for log in came),
        *(JoiningCandidate(log[:2], log.message, log) for log in logs),
    ]


def refuse_repeats(
    candidates: Sequence[JoiningCandidate], targets: Sequence[Key | None], joined: JoinedLogs
) -> set[Key]:
    """Refuse the log records of spans that log records repeated too often; returns these spans, which are not read."""
    worn = repeats.exhausted({target for target in targets if target})
    for candidate, target in zip(candidates, targets, strict=True) if worn else ():
        if target not in worn:
            continue
        if candidate.log is None:
            joined.lost += 1
        else:
            joined.outcomes[id(candidate.log)] = tallies.JOINED_TOO_OFTEN
    return worn


def by_span(
    candidates: Sequence[JoiningCandidate], targets: Sequence[Key | None], parts: dict[Key, SpanParts]
) -> dict[Key, list[JoiningCandidate]]:
    """The log records that join each of these spans, those that waited first."""
    found: dict[Key, list[JoiningCandidate]] = defaultdict(list)
    for candidate, target in zip(candidates, targets, strict=True):
        if target is not None and target in parts:
            found[target].append(candidate)
    return found


def joining_events(parts: SpanParts, members: Sequence[JoiningCandidate], joined: JoinedLogs) -> list[Event]:
    """The events that join the span now, of those that waited the first by time; notes what became of the others."""
    events: list[Event] = []
    room = max(0, MOST_EVENTS - len(parts.current.events)) if parts.versions < MOST_VERSIONS else 0
    found = new_events(parts.original, parts.current, [event_of(member.message) for member in members])
    for (_, _, log), event in zip(members, found, strict=True):
        outcome = tallies.LOG_JOINED
        if event is None:
            outcome = tallies.DUPLICATE
        elif log is not None and len(events) >= room:
            outcome = tallies.JOINED_TOO_OFTEN
        elif log is not None and not joined.quota.take():
            outcome = tallies.OVER_QUOTA
        else:
            events.append(event)
        if log is not None:
            joined.outcomes[id(log)] = outcome
    joined.lost += max(0, len(events) - room)
    return sorted(events, key=event_order)[:room]


def amended_record(
    parts: SpanParts, events: Sequence[Event], row_of: RowOf, rules: GroupingRules
) -> AmendedRecord:
    """The record with the row of its span with these events, under the id that it has."""
    message = with_events(parts.original, [*joined_before(parts.original, parts.current), *events])
    row = row_of(read_span(message.SerializeToString(), parts.origin), rules)
    return AmendedRecord(parts.record, row._replace(span_id=bytes(parts.record.span_id)))


def let_wait(logs: Sequence[JoiningLog], now_unix_nano: int, joined: JoinedLogs) -> None:
    """Let those of these log records wait that do not yet, and find room; notes what became of each."""
    if not logs:
        return
    known = waiting.known_waiting(logs)
    records = keys_stored({(log.trace_id, log.log_id) for log in logs})
    new: dict[tuple[bytes, bytes, bytes], JoiningLog] = {}
    for log in logs:
        is_known = log[:3] in known or log[:3] in new or (log.trace_id, log.log_id) in records
        if is_known:
            joined.outcomes[id(log)] = tallies.DUPLICATE
        elif joined.quota.take():
            new[log[:3]] = log
        else:
            joined.outcomes[id(log)] = tallies.OVER_QUOTA
    ordered = list(new.values())
    places = waiting.free_places(ordered)
    write_shared([log.origin for log in ordered[:places]])
    waiting.add(ordered[:places], now_unix_nano)
    joined.outcomes |= {
        id(log): tallies.LOG_JOINED if number < places else tallies.NO_ROOM_TO_WAIT
        for number, log in enumerate(ordered)
    }
