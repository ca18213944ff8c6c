"""
What a failed span says about its failure: type, message and stack, from its exception event or its status.

Types are unreliable: error codes, wrappers, "Exception" for everything. The stack often knows the class.
https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telemetry.failures import stacktrace
from telemetry.spans.span import Event, Span

MAX_MESSAGE = 500
GENERIC = frozenset(
    {"Exception", "Error", "BaseException", "errorString", "wrapError", "_OTHER", "Throwable"}
)
REPR = re.compile(r"(?P<type>[A-Za-z_]\w*)\((?P<message>.*)\)$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Type, message and stack; "" for what is not known."""

    error_type: str
    message: str
    stack: str = ""
    depth: int = (
        1  # frames that tell where. An exception with a message was thrown on purpose: its caller tells more
    )


def of(span: Span) -> Fault:
    """The last exception wins: earlier ones were handled or were its causes."""
    event = last_exception(span)
    return from_exception(span, event) if event else from_status(span)


def last_exception(span: Span) -> Event | None:
    """The exception event recorded last, or None."""
    return next((event for event in reversed(span.events) if event.name == "exception"), None)


def from_exception(span: Span, event: Event) -> Fault:
    """What the event says, mended by its stack."""
    error_type = text(event.attributes.get("exception.type"))
    message = text(event.attributes.get("exception.message"))
    stack = text(event.attributes.get("exception.stacktrace"))
    stack_type, stack_message = stacktrace.raised(stack)
    if is_unreliable(error_type) and stack_type and not is_generic(stack_type):
        error_type = stack_type
    if stacktrace.TRACEBACK in message:
        message = stack_message or message.partition(stacktrace.TRACEBACK)[0]
    message = message or stack_message or span.status_message
    named = one_line(error_type or error_type_of(span))
    depth = 2 if " " in message.strip() else 1
    return Fault(named, one_line(message or span.name), stack, depth)


def from_status(span: Span) -> Fault:
    """error.type, then the status text, then the HTTP status, then the name of the work."""
    named, message = split_status(span.status_message)
    declared = error_type_of(span)
    status = http_status(span)
    if not message:
        message = f"HTTP {status}" if status >= 400 else declared or span.name
    return Fault(one_line(declared or named or (str(status) if status >= 400 else "")), one_line(message))


def split_status(status_message: str) -> tuple[str, str]:
    """`KeyError: 'x'` and `KeyError('x')` as type and message; ("", text) for plain text."""
    if stacktrace.TRACEBACK in status_message:
        return stacktrace.raised(status_message)
    line = status_message.strip().partition("\n")[0]
    name, separator, message = line.partition(": ")
    if separator and is_class_name(name):
        return name, message
    match = REPR.match(line)
    if match and is_class_name(match["type"]):
        return match["type"], match["message"].strip("'\"")
    return "", line


def error_type_of(span: Span) -> str:
    """`error.type`, unless it is the placeholder."""
    error_type = text(span.attributes.get("error.type"))
    return "" if error_type in GENERIC else error_type


def http_status(span: Span) -> int:
    """The HTTP status in either spelling; 0 without one."""
    attributes = span.attributes
    value = attributes.get("http.response.status_code", attributes.get("http.status_code"))
    try:
        return int(value) if value is not None else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def is_class_name(name: str) -> bool:
    """Looks like a class, with or without its module: `shop.repo.OrderNotFound`."""
    last = name.rpartition(".")[2]
    return name.replace(".", "").isidentifier() and last[:1].isupper() and not last.isupper()


def is_unreliable(error_type: str) -> bool:
    """An error code (`card_declined`, `ECONNREFUSED`, `23`), nothing, or the class of everything."""
    return is_generic(error_type) or not is_class_name(error_type)


def is_generic(error_type: str) -> bool:
    """A class that says no more than that something failed."""
    return not error_type or error_type.rpartition(".")[2] in GENERIC


def text(value: object) -> str:
    """The value as text; "" for none."""
    return "" if value is None else str(value)


def one_line(message: str) -> str:
    """One line that every database and list can show."""
    return " ".join(message[: MAX_MESSAGE * 4].replace("\x00", "").split())[:MAX_MESSAGE]
