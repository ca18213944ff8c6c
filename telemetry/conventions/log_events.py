"""
Records that were made of log events (telemetry/logs): each has its event's full name in an attribute of LoopKit.

What a client's events mean is declared in its file of `telemetry/conventions/log_clients`.
https://opentelemetry.io/docs/specs/otel/logs/data-model/#events
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.facts import extract_general_facts
from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import EventForm, LogClient, event_content, event_meaning
from telemetry.spans.attribute_lookup import first_text
from telemetry.spans.joining_log import EVENT_NAME
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("claude_code",)
SCOPES = ()
MARKERS = frozenset({EVENT_NAME})
NO_EVENT = EventForm()


def read(span: Span) -> Meaning:
    """The facts that the event states."""
    client, form = declared(span)
    return event_meaning(client, form, span) if client else extract_general_facts(span)


def declared(span: Span) -> tuple[LogClient | None, EventForm]:
    """The client of the record's event, and the declared form of the event."""
    found = CLIENTS.of_event(first_text(span.attributes, (EVENT_NAME,)), "")
    if found is None:
        return None, NO_EVENT
    client, name = found
    return client, client.events.get(name, NO_EVENT)


def input_of(span: Span) -> Any:
    """The prompt of a run, or the arguments of a tool, as far as their logging is switched on."""
    return event_content(declared(span)[1].input, span.attributes, span.events)


def output_of(span: Span) -> Any:
    """The answer of a model, or the output of a tool, as far as their logging is switched on."""
    return event_content(declared(span)[1].output, span.attributes, span.events)
