"""
What a log record is kept as: an event of a client that documents it, an event of OTel GenAI, or a failure. The others
are counted, or kept as context of their trace where the project asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import EventForm, LogClient, is_record
from telemetry.conventions.message_events import EVALUATION, is_genai_event
from telemetry.logs.log_event import LogEvent


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event of a client, by its full name."""

    client: LogClient
    name: str
    form: EventForm


def client_event(log: LogEvent) -> ClientEvent | None:
    """The event of a client that is kept; None for other log records."""
    found = CLIENTS.of_event(log.name, log.scope) if log.name else None
    if found is None:
        return None
    client, name = found
    form = client.events.get(name)
    return ClientEvent(client, name, form) if form and is_record(form, log.attributes) else None


def is_content(log: LogEvent) -> bool:
    """
    Whether it is an event of OTel GenAI that is kept: it belongs to a span.

    Without one, only an evaluation says something by itself. Contents of calls repeat what spans or other events of the
    client say, so that they are no record.
    """
    return is_genai_event(log.name) and (bool(log.span_id) or log.name == EVALUATION)


def adds_to_a_call(log: LogEvent, event: ClientEvent) -> bool:
    """Whether the event adds the output to the record of another event of its client."""
    return bool(event.form.answers) and event.client.call_id(event.name, log.attributes) != ""
