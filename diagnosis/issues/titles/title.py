"""
A title from operation, class and message of a failure: `tool lookup_order: OrderNotFound: order A-1 does not exist`.

Each part is said once, and in the form in which people say it:

- the class without its module, as the grouping compares it;
- a status with its reason phrase where no text is there
  (https://www.rfc-editor.org/rfc/rfc9110.html#name-status-codes);
- what a client writes where it has no text, the name of the span, is none: then the title says that no reason is
  recorded;
- the operation without what every tool and agent of a framework has: `lookup_order.__call__`
  (https://docs.python.org/3/reference/datamodel.html#object.__call__), `support_agent.run`, and without the parts of a
  template that nothing filled in (https://messagetemplates.org).
"""

from __future__ import annotations

import re
from http import HTTPStatus

from diagnosis.issues.titles.cause_text import cause_text, last_status, without_status
from diagnosis.issues.titles.class_heads import SAYS_NOTHING, last_name, named_first, without_class

TITLE_LENGTH = 200
# Stands for a class where a tool's result names none, and for `error.type` in OpenTelemetry's MCP conventions.
TOOL_ERROR = "tool_error"
REPORTED = "reported an error whose text is not recorded"
UNTOLD = "failed, and no reason is recorded"
CALLED = re.compile(r"\.__[a-z]+__$")
RUN_OF_AGENT = re.compile(r"^(agent .{1,200})\.run$")
UNFILLED = re.compile(r"(?:^| )\{\w{1,40}\}(?= |$)")
PHRASES = {str(int(status)): f"{int(status)} {status.phrase}" for status in HTTPStatus}


def title(operation: str, error_type: str, message: str) -> str:
    """The title in one line of at most TITLE_LENGTH characters; texts of telemetry are neither escaped nor quoted."""
    text, name = cause_text(message), last_name(error_type)
    if not name or name == TOOL_ERROR:
        name = named_first(text) or reason_phrase(last_status(message)) or name
    text = without_status(without_class(text, error_type or name)).removesuffix(f": {name}")
    if " " in text and name in SAYS_NOTHING | {TOOL_ERROR}:
        name = ""
    if is_status_alone(text, name):
        name, text = reason_phrase(name[:3]), ""
    if says_only_name(text, operation):
        text = ""
    if not text and name in ("", TOOL_ERROR):
        name = REPORTED if name else UNTOLD
    return plain_title(operation_shown(operation), name, text)


def title_of_several(operation: str, error_type: str, messages: str, first: str) -> str:
    """
    The title of failures whose messages are different people's own words, so that none stands for the others.

    Args:
        messages: how many there are, such as `6 different texts`.
        first: of them.
    """
    return plain_title(operation_shown(operation), f"{messages}, the first", title("", error_type, first))


def says_only_name(text: str, operation: str) -> bool:
    """Whether the text is what the operation names: `refund`, or with one more word, `execute_tool refund`."""
    name = operation.partition(" ")[2] or operation
    before, behind = text.removesuffix(name), text.removeprefix(name)
    return text == name or (
        (before != text and before.endswith(" ") and before.strip().isidentifier())
        or (behind != text and behind.startswith((" ", ".")) and behind[1:].isidentifier())
    )


def plain_title(*parts: str) -> str:
    """The parts as they are, each once: for what a rule over windows found, whose message is its own."""
    return cut(": ".join(dict.fromkeys(part for part in parts if part)))


def reason_phrase(status: str) -> str:
    """The status with its reason phrase; one without a phrase stays as it is."""
    return PHRASES.get(status, status)


def is_status_alone(text: str, name: str) -> bool:
    """Whether the failure says a status and no more, such as `HTTP 503` of class `503`."""
    phrase = PHRASES.get(name[:3], "").lower()
    said = text.removeprefix("HTTP ").strip(" .:").lower()
    return name.lower() in {phrase[:3], phrase} and said in {"", phrase[:3], phrase, phrase[4:]}


def operation_shown(operation: str) -> str:
    """The operation without the method that runs every tool or agent, and without unfilled parts of a template."""
    name = CALLED.sub("", operation)
    name = RUN_OF_AGENT.sub(r"\1", name)
    return UNFILLED.sub("", name).strip(" :") or operation


def cut(text: str) -> str:
    """The text, or its beginning with a note of the length in characters."""
    note = f"… (cut: {len(text):,} characters in total)"
    return text if len(text) <= TITLE_LENGTH else f"{text[: TITLE_LENGTH - len(note)]}{note}"
