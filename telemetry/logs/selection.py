"""
What a log record is kept as: an event of a client that documents it, or a failure. The others are counted only.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import EventForm, LogClient, is_record
from telemetry.logs.log_event import LogEvent


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event of a client, by its full name."""

    client: LogClient
    name: str
    form: EventForm


def client_event(log: LogEvent) -> ClientEvent | None:
    """The event of a client that becomes a record; None for other log records."""
    found = CLIENTS.of_event(log.name, log.scope) if log.name else None
    if found is None:
        return None
    client, name = found
    form = client.events.get(name)
    return ClientEvent(client, name, form) if form and is_record(form, log.attributes) else None
