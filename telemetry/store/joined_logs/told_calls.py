"""
The call that a log record tells of, and what a span of a call is found by. Pure functions.

Claude Code names the whole interaction in the event of an answer. The call has the same `request_id`, as documented;
where the API gave none, it is the call that ended within NEAR_NANO of the event. So does the event of a tool's result,
whose call has the same `tool_use_id`.
https://code.claude.com/docs/en/monitoring-usage#traces-beta
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.agent_runs.call_keys import MODEL_CALL, TOOL_CALL
from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import EventForm
from telemetry.hashing import hash64_of_texts
from telemetry.otlp.values import plain_attributes
from telemetry.spans.attribute_lookup import first_text
from telemetry.spans.joining_log import EVENT_NAME

Names = tuple[
    str, ...
]  # attributes that have the id of a call, on its span and on the log records that tell of it
UNITS = (MODEL_CALL, TOOL_CALL)
NO_EVENT = EventForm()
NAMES: dict[str, tuple[Names, ...]] = {  # by the unit of the call
    MODEL_CALL: tuple({client.call: None for client in CLIENTS.clients if client.call}),
    TOOL_CALL: tuple(
        {form.call: None for client in CLIENTS.clients for form in client.events.values() if form.call}
    ),
}
ALL_NAMES = frozenset(name for of_unit in NAMES.values() for names in of_unit for name in names)


class ToldCall(NamedTuple):
    """The call that a log record tells of."""

    unit: str  # of work
    names: Names
    call_id: str  # "" where the log record has none: then it is the call that ended at its time

    @property
    def key(self) -> int:
        """A number that stands for the unit and the id."""
        return hash64_of_texts(self.unit, self.call_id)


def told_call(message: SpanMessage) -> ToldCall | None:
    """The call that a log record tells of, by its event; None for other log records, which join the span they name."""
    for pair in message.attributes:
        if pair.key == EVENT_NAME and (found := CLIENTS.of_event(pair.value.string_value, "")):
            client, name = found
            form = client.events.get(name, NO_EVENT)
            attributes = plain_attributes(message.attributes)
            if form.answers:
                return ToldCall(MODEL_CALL, client.call, first_text(attributes, client.call))
            call_id = first_text(attributes, form.call)
            return ToldCall(TOOL_CALL, form.call, call_id) if call_id else None
    return None


def ids_of_call(message: SpanMessage, unit: str) -> Iterator[tuple[Names, str]]:
    """The ids by which log records tell of a span, which is a call of this unit, with the attributes that have them."""
    pairs = [pair for pair in message.attributes if pair.key in ALL_NAMES]
    attributes = plain_attributes(pairs) if pairs else {}
    for names in NAMES[unit] if attributes else ():
        if call_id := first_text(attributes, names):
            yield names, call_id
