"""
What a client's file declares of its log events, and what is read of an event by that declaration.

The names of OpenTelemetry events: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-eventname
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from telemetry.conventions.content import recorded_content
from telemetry.conventions.facts import AttributeNames, Keys, extract_facts
from telemetry.discovery import find_modules
from telemetry.spans.attribute_lookup import Attributes, first_count, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span, SpanEvent

SUCCESS, FALSE = "success", (False, "false")
FAILED = "failed"  # in place of a message
ERROR_TYPES = ("error.type", "error_type")


class EventForm(NamedTuple):
    """One event that a client documents and that becomes a record."""

    unit: str = ""  # of work, as in Meaning
    is_run: bool = False  # the event begins a run of the agent, which the events with its `run` belong to
    input: Keys = ()
    output: Keys = ()
    error: Keys = ()  # where a failure is described
    # An attribute with the values of the events that are records; the others are none, unless they failed.
    only: tuple[str, frozenset[str]] | None = None
    answers: str = ""  # the event of the call to which this one adds the output
    # Attributes with the id of the tool's call that it tells of, as the call's span has it: the event joins that span.
    call: Keys = ()
    is_rating: bool = False  # what a user said of an answer
    is_own: bool = (
        False  # a record of its own, also within a span, since it says more than an event of that span
    )


@dataclass(frozen=True, slots=True)
class LogClient:
    """A client, with the events that it documents by their full names."""

    agent: str
    prefix: str  # of the names of its events
    scopes: tuple[
        str, ...
    ]  # instrumentation scopes of which it is left out; `*` at the end stands for any rest
    names: AttributeNames
    run: Keys  # attributes that name the run of an event: one trace
    session: Keys  # attributes that name its session, whose events without a run are one trace
    call: Keys  # attributes with the id that a call's events share
    sequence: str  # an attribute that numbers the events of a session; where there is no such id, an answer comes next
    events: Mapping[str, EventForm]

    def call_id(self, name: str, attributes: Attributes) -> str:
        """What names the call that the event is, or adds to; "" for an event that is neither, or names none."""
        form = self.events[name]
        if not form.answers and all(other.answers != name for other in self.events.values()):
            return ""
        if own := first_text(attributes, self.call):
            return own
        number = first_count(attributes, (self.sequence,))
        session = first_text(attributes, self.session)
        return "" if number is None or not session else f"{session} {number - bool(form.answers)}"

    def full_name(self, name: str, scope: str) -> str:
        """The full name of an event of this client, or "" for an event of another one."""
        if name.startswith(self.prefix):
            return name
        is_own = any(fnmatchcase(scope, pattern) for pattern in self.scopes)
        return self.prefix + name if is_own and self.prefix + name in self.events else ""


class LogClientRegistry:
    """The clients of a package, found by looking: each file that has a CLIENT is one."""

    def __init__(self, package: str, folders: Iterable[str]) -> None:
        modules = find_modules(package, folders, "CLIENT")
        self.clients: tuple[LogClient, ...] = tuple(module.CLIENT for module in modules)

    def of_event(self, name: str, scope: str) -> tuple[LogClient, str] | None:
        """The client of an event and the event's full name; None for an event of no client that is known."""
        for client in self.clients:
            if full_name := client.full_name(name, scope):
                return client, full_name
        return None


def event_meaning(client: LogClient, form: EventForm, span: Span) -> Meaning:
    """The facts that an event states."""
    known = Meaning(
        form.unit, agent=client.agent, is_agent_run=form.is_run, error=event_error(form, span.attributes)
    )
    return extract_facts(span, client.names, known)


def event_error(form: EventForm, attributes: Attributes) -> str:
    """The error that an event reports, as `Type: message` where it names a class; "" for none."""
    if SUCCESS in attributes and attributes[SUCCESS] not in FALSE:
        return ""
    message = first_text(attributes, form.error).strip()
    error_type = first_text(attributes, ERROR_TYPES)
    if not message and SUCCESS not in attributes:
        return ""
    is_class = error_type.isidentifier() and error_type[:1].isupper() and not message.startswith(error_type)
    return f"{error_type}: {message}" if is_class and message else message or error_type or FAILED


def is_record(form: EventForm, attributes: Attributes) -> bool:
    """Whether the event becomes a record."""
    if form.only is None:
        return True
    name, values = form.only
    value = attributes.get(name)
    is_named = isinstance(value, str) and value in values  # others, such as a list, name none
    return is_named or bool(event_error(form, attributes))


def event_content(names: Keys, attributes: Attributes, events: Iterable[SpanEvent]) -> Any:
    """The content under the first of these names, in the event's attributes or in those of events that joined it."""
    if (value := recorded_content(attributes, names)) is not None:
        return value
    joined = [event.attributes for event in events]
    found = (recorded_content(of_event, (name,)) for name in names for of_event in joined)
    return next((value for value in found if value is not None), None)
