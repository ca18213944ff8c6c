"""
The type, message and stack of a span's failure, from its exception event or its status.

Types are unreliable: error codes, wrappers, "Exception" for everything. The stack often names the class. A status may
be an object with `message` and `data`: https://openai.github.io/openai-agents-python/ref/tracing/ (SpanError).
https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from telemetry.conventions.content import parsed
from telemetry.failures import stacktrace
from telemetry.spans.span import Span, SpanEvent

MAX_MESSAGE = 500
GENERIC = frozenset(
    {"Exception", "Error", "BaseException", "errorString", "wrapError", "_OTHER", "Throwable"}
)
CLASS_REPR = re.compile(r"<class '([\w.]{1,300})'>")  # Python's `str(type(error))`
# The first line of a .NET client's message, whose text is in the next: https://learn.microsoft.com/dotnet/api/
# system.clientmodel.clientresultexception
STATUS_LINE = re.compile(r"HTTP(?:/[\d.]{1,3})? [45]\d\d(?: \([^()]{1,100}\))?")
REPR = re.compile(r"(?P<type>[A-Za-z_]\w*)\((?P<message>.*)\)$")


@dataclass(frozen=True, slots=True)
class Fault:
    """Type, message and stack of a failure; "" for unknown parts."""

    error_type: str
    message: str
    stack: str = ""
    # The number of frames that identify the place. An exception with a message was thrown on purpose, so that its
    # caller says more about the failure than the frame itself.
    depth: int = 1


def fault_of(span: Span) -> Fault:
    """Return the fault in the last exception event, else in the status. Earlier events were handled or are causes."""
    event = last_exception(span)
    return from_exception(span, event) if event else from_status(span)


def last_exception(span: Span) -> SpanEvent | None:
    """Return the exception event that was recorded last, or None."""
    return next((event for event in reversed(span.events) if event.name == "exception"), None)


def from_exception(span: Span, event: SpanEvent) -> Fault:
    """Return the fault in the event; its stack replaces an unreliable type and a missing or unusable message."""
    error_type = class_text(event.attributes.get("exception.type"))
    message = fault_text(event.attributes.get("exception.message"))
    stack = fault_text(event.attributes.get("exception.stacktrace"))
    stack_type, stack_message = stacktrace.raised(stack)
    if is_unreliable(error_type) and stack_type and not is_generic(stack_type):
        error_type = stack_type
    if stacktrace.TRACEBACK in message:
        message = stack_message or message.partition(stacktrace.TRACEBACK)[0]
    message = message or stack_message or span.status_message
    error_type = one_line(error_type or error_type_of(span))
    depth = 2 if " " in message.strip() else 1
    return Fault(error_type, one_line(message or span.name), stack, depth)


def from_status(span: Span) -> Fault:
    """
    Return the fault of a span without an exception event.

    The type is `error.type`, else that in the status message, else the HTTP status. The message is that in the status
    message, else `error.message`, else the HTTP status, else `error.type`, else the span's name.
    """
    status_type, message = split_status(
        span.status_message or fault_text(span.attributes.get("error.message"))
    )
    declared = error_type_of(span)
    status = http_status(span)
    if not message:
        message = f"HTTP {status}" if status >= 400 else declared or span.name
    error_type = declared or status_type or (str(status) if status >= 400 else "")
    return Fault(one_line(error_type), one_line(message))


def split_status(status_message: str) -> tuple[str, str]:
    """Return type and message of `KeyError: 'x'`, `KeyError('x')` or a traceback; ("", first line) for other text."""
    if stacktrace.TRACEBACK in status_message:
        return stacktrace.raised(status_message)
    if status_message.startswith("{") and (told := text_of_object(parsed(status_message))):
        return "", told
    line, _, others = status_message.strip().partition("\n")
    if others and STATUS_LINE.fullmatch(line.strip()):
        line = f"{line.strip()} {others.strip().partition(chr(10))[0]}"
    name, separator, message = line.partition(": ")
    if separator and is_class_name(name):
        return name, message
    match = REPR.match(line)
    if match and is_class_name(match["type"]):
        return match["type"], match["message"].strip("'\"")
    return "", line


def text_of_object(error: object) -> str:
    """Return the text of an error object with that of its data, which says what happened; "" for other objects."""
    data = error.get("data") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(data, dict):
        return ""
    message, detail = error.get("message"), data.get("error")
    return f"{message}: {detail}" if isinstance(message, str) and isinstance(detail, str) else ""


def error_type_of(span: Span) -> str:
    """Return `error.type`; "" if it is missing or says only that something failed, such as `_OTHER`."""
    error_type = class_text(span.attributes.get("error.type"))
    return "" if error_type in GENERIC else error_type


def http_status(span: Span) -> int:
    """Return the HTTP status from the current attribute or its older name; 0 without one."""
    attributes = span.attributes
    value = attributes.get("http.response.status_code", attributes.get("http.status_code"))
    try:
        return int(value) if value is not None else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def is_class_name(name: str) -> bool:
    """Whether the name looks like that of a class, with or without its module: `shop.repo.OrderNotFound`."""
    last = name.rpartition(".")[2]
    return name.replace(".", "").isidentifier() and last[:1].isupper() and not last.isupper()


def is_unreliable(error_type: str) -> bool:
    """Whether the type is empty, a generic class, or an error code such as `card_declined`, `ECONNREFUSED`, `23`."""
    return is_generic(error_type) or not is_class_name(error_type)


def is_generic(error_type: str) -> bool:
    """Whether the type is empty, or a class that says only that something failed."""
    return not error_type or error_type.rpartition(".")[2] in GENERIC


def fault_text(value: object) -> str:
    """Return the value as text; "" for None."""
    return "" if value is None else str(value)


def class_text(value: object) -> str:
    """Return the name of an error's class as text; "" for None."""
    text = fault_text(value)
    match = CLASS_REPR.fullmatch(text) if text.startswith("<class ") else None
    return match[1] if match else text


def one_line(message: str) -> str:
    """Return the message as one line of at most MAX_MESSAGE characters, without NUL, which some databases refuse."""
    return " ".join(message[: MAX_MESSAGE * 4].replace("\x00", "").split())[:MAX_MESSAGE]
