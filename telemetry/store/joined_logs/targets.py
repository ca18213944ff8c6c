"""
The stored span that each log record joins: the one that it names or, of a model's answer, the call inside that one.

Claude Code names the whole interaction in the event of an answer. The call has the same `request_id`, as documented;
where the API gave none, it is the call that ended within NEAR_NANO of the event.
https://code.claude.com/docs/en/monitoring-usage#traces-beta

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import LogClient
from telemetry.otlp.values import plain_attributes
from telemetry.spans.attribute_lookup import first_text
from telemetry.spans.joining_log import EVENT_NAME, JoiningLog
from telemetry.store.insertion import Key, keys_stored
from telemetry.store.joined_logs.stored_parts import read_parts
from telemetry.store.sql import fetch_many

NEAR_NANO = (
    30_000_000  # between the end of a call and the event of its answer: in one process, at the same moment
)
CALLS = """
    WITH wanted (its_trace, its_span) AS (VALUES {rows})
    SELECT its_span, trace_id, span_id, start_time_unix_nano + duration_nano FROM wanted JOIN telemetry_record
    ON trace_id = its_trace AND (span_id = its_span OR parent_span_id = its_span)
    WHERE unit = 'llm_call'
"""


class JoiningCandidate(NamedTuple):
    """A log record that may join a stored span; `log` is None for one that waited."""

    named: Key  # the span that it names
    message: SpanMessage
    log: JoiningLog | None


class EndedCall(NamedTuple):
    """A model call that is stored."""

    key: Key
    end_unix_nano: int


def find_targets(candidates: Sequence[JoiningCandidate]) -> list[Key | None]:
    """The stored span that each of these log records joins; None for one that has to wait."""
    answered = [answering_client(candidate.message) for candidate in candidates]
    pairs = list(zip(candidates, answered, strict=True))
    stored = keys_stored({candidate.named for candidate, client in pairs if client is None})
    calls = calls_inside({candidate.named for candidate, client in pairs if client is not None})
    request_ids = ids_of_calls(calls, [client for client in answered if client is not None])
    return [
        (candidate.named if candidate.named in stored else None)
        if client is None
        else answered_call(candidate, client, calls[candidate.named], request_ids)
        for candidate, client in pairs
    ]


def answering_client(message: SpanMessage) -> LogClient | None:
    """The client of a log record that is the event of a model's answer; None for other log records."""
    for pair in message.attributes:
        if pair.key == EVENT_NAME and (found := CLIENTS.of_event(pair.value.string_value, "")):
            client, name = found
            return client if name in client.events and client.events[name].answers else None
    return None


def calls_inside(keys: Iterable[Key]) -> defaultdict[Key, list[EndedCall]]:
    """The stored model calls that are one of these spans, or directly inside it, by that span."""
    calls: defaultdict[Key, list[EndedCall]] = defaultdict(list)
    for named, trace_id, span_id, end in fetch_many(CALLS, sorted(keys)):
        calls[bytes(trace_id), bytes(named)].append(EndedCall((bytes(trace_id), bytes(span_id)), int(end)))
    return calls


def ids_of_calls(calls: defaultdict[Key, list[EndedCall]], clients: Iterable[LogClient]) -> dict[Key, str]:
    """The id that the API gave to each of these calls, "" for none."""
    names = tuple(dict.fromkeys(name for client in clients for name in client.call))
    parts = read_parts({call.key for of_span in calls.values() for call in of_span})
    return {key: first_text(plain_attributes(part.original.attributes), names) for key, part in parts.items()}


def answered_call(
    candidate: JoiningCandidate, client: LogClient, calls: Sequence[EndedCall], request_ids: dict[Key, str]
) -> Key | None:
    """The call of which the log record has the answer; None as long as it has not come."""
    if any(call.key == candidate.named for call in calls):
        return candidate.named
    request_id = first_text(plain_attributes(candidate.message.attributes), client.call)
    if request_id:
        return next((call.key for call in calls if request_ids.get(call.key) == request_id), None)
    time = candidate.message.end_time_unix_nano
    near = [call for call in calls if abs(call.end_unix_nano - time) <= NEAR_NANO]
    return min(near, key=lambda call: (abs(call.end_unix_nano - time), call.key)).key if near else None
