"""
The stored span that each log record joins: the one that it names or, of what tells of a call, the call inside that one.

Claude Code names the whole interaction in the event of an answer. The call has the same `request_id`, as documented;
where the API gave none, it is the call that ended within NEAR_NANO of the event. So does the event of a tool's result,
whose call has the same `tool_use_id`.
https://code.claude.com/docs/en/monitoring-usage#traces-beta

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.agent_runs.call_keys import MODEL_CALL, TOOL_CALL
from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import EventForm
from telemetry.otlp.values import plain_attributes
from telemetry.spans.attribute_lookup import first_text
from telemetry.spans.joining_log import EVENT_NAME, JoiningLog
from telemetry.store.insertion import Key, keys_stored
from telemetry.store.joined_logs.stored_parts import read_parts
from telemetry.store.sql import fetch_many

NEAR_NANO = (
    30_000_000  # between the end of a call and the event of its answer: in one process, at the same moment
)
NO_EVENT = EventForm()
CALLS = """
    WITH wanted (its_trace, its_span) AS (VALUES {rows})
    SELECT its_span, trace_id, span_id, start_time_unix_nano + duration_nano, unit
    FROM wanted JOIN telemetry_record
    ON trace_id = its_trace AND (span_id = its_span OR parent_span_id = its_span)
    WHERE unit IN ('llm_call', 'tool_call')
"""


class JoiningCandidate(NamedTuple):
    """A log record that may join a stored span; `log` is None for one that waited."""

    named: Key  # the span that it names
    message: SpanMessage
    log: JoiningLog | None


class EndedCall(NamedTuple):
    """A call of a model or a tool that is stored."""

    key: Key
    end_unix_nano: int
    unit: str


class ToldCall(NamedTuple):
    """The call that a log record tells of: its unit of work, and the attributes that have its id on both."""

    unit: str
    ids: tuple[str, ...]


def find_targets(candidates: Sequence[JoiningCandidate]) -> list[Key | None]:
    """The stored span that each of these log records joins; None for one that has to wait."""
    told = [told_call(candidate.message) for candidate in candidates]
    pairs = list(zip(candidates, told, strict=True))
    stored = keys_stored({candidate.named for candidate, call in pairs if call is None})
    calls = calls_inside({candidate.named for candidate, call in pairs if call is not None})
    ids = ids_of_calls(calls, [call for call in told if call is not None])
    return [
        (candidate.named if candidate.named in stored else None)
        if call is None
        else call_told_of(candidate, call, calls[candidate.named], ids)
        for candidate, call in pairs
    ]


def told_call(message: SpanMessage) -> ToldCall | None:
    """The call that a log record tells of, by its event; None for other log records, which join the span they name."""
    for pair in message.attributes:
        if pair.key == EVENT_NAME and (found := CLIENTS.of_event(pair.value.string_value, "")):
            client, name = found
            form = client.events.get(name, NO_EVENT)
            if form.answers:
                return ToldCall(MODEL_CALL, client.call)
            is_named = form.call and first_text(plain_attributes(message.attributes), form.call)
            return ToldCall(TOOL_CALL, form.call) if is_named else None
    return None


def calls_inside(keys: Iterable[Key]) -> defaultdict[Key, list[EndedCall]]:
    """The stored calls that are one of these spans, or directly inside it, by that span."""
    calls: defaultdict[Key, list[EndedCall]] = defaultdict(list)
    for named, trace_id, span_id, end, unit in fetch_many(CALLS, sorted(keys)):
        calls[bytes(trace_id), bytes(named)].append(
            EndedCall((bytes(trace_id), bytes(span_id)), int(end), unit)
        )
    return calls


def ids_of_calls(calls: defaultdict[Key, list[EndedCall]], told: Iterable[ToldCall]) -> dict[Key, str]:
    """The id of each of these calls, "" for none."""
    names = tuple(dict.fromkeys(name for call in told for name in call.ids))
    parts = read_parts({call.key for of_span in calls.values() for call in of_span})
    return {key: first_text(plain_attributes(part.original.attributes), names) for key, part in parts.items()}


def call_told_of(
    candidate: JoiningCandidate, told: ToldCall, inside: Sequence[EndedCall], ids: dict[Key, str]
) -> Key | None:
    """The call that the log record tells of; None as long as it has not come."""
    calls = [call for call in inside if call.unit == told.unit]
    if any(call.key == candidate.named for call in calls):
        return candidate.named
    call_id = first_text(plain_attributes(candidate.message.attributes), told.ids)
    if call_id:
        return next((call.key for call in calls if ids.get(call.key) == call_id), None)
    time = candidate.message.end_time_unix_nano
    near = [call for call in calls if abs(call.end_unix_nano - time) <= NEAR_NANO]
    return min(near, key=lambda call: (abs(call.end_unix_nano - time), call.key)).key if near else None
