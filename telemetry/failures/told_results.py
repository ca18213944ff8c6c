"""
Results of tools that only messages hold: those at the end of what a model was given, of which one reports a failure.

A loop that an application writes itself has no spans of its tools, so that the next call of the model alone shows what
they gave back. Where the tools have spans, the failure is theirs (telemetry/grouping/attribution.py).
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ (`tool_call_response`),
https://platform.openai.com/docs/guides/function-calling (`role: tool`, `function_call_output`),
https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use (`tool_result`),
https://ai-sdk.dev/docs/reference/ai-sdk-core/model-message (`tool-result`)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.conventions.message_events import event_facts, is_turn
from telemetry.failures.fault import one_line, split_status
from telemetry.failures.soft_errors import MARKS
from telemetry.failures.tool_results import failure_in_result
from telemetry.failures.unknown_tool import KEY, NO_SUCH_TOOL, unknown_tool
from telemetry.spans.form import once_a_form
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span, SpanEvent

ROLES = ("tool", "function")  # of messages that hold results
RESULTS = (
    "tool_call_response",
    "tool_result",
    "tool-result",
    "function_call_output",
)  # types of parts and items
VALUES = ("response", "result", "output", "content", "value")  # what a result holds its value under
IDS = ("tool_call_id", "tool_use_id", "toolCallId", "call_id", "id")
LISTS = ("messages", "contents", "input")  # where an input holds its messages
NUMBERED = (
    ("llm.input_messages.", ".message."),
    ("gen_ai.prompt.", "."),
)  # attributes of the messages, by number
ROLE, OUTPUT_ITEM = '"role"', '"function_call_output"'
GLANCE = 60  # characters behind a role that name it
LONGEST = 1_000_000  # characters of an input that is read
MOST_RESULTS = 20  # at the end of an input
# https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md#event-gen_aitoolmessage
RESULT_TURN = "gen_ai.tool.message"
MOST_TURNS = 100  # of a call that are read


class ToldResult(NamedTuple):
    """A result in a message: the id of its call, the tool if the message names it, and the value."""

    call_id: str
    tool: str
    value: Any


def told_failure(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure that the last results which the model was given report; None without one."""
    messages = messages_with_failure(span)
    if not messages and span.events:
        messages = messages_in_turns(span.events)
    if not messages:
        return None
    for told in trailing_results(messages):
        failed = failure_in_result(told.value)
        if failed:
            return as_raised(failed, told.tool or called_tools(messages).get(told.call_id, ""))
    return None


def as_raised(failed: Failure, tool: str) -> Failure:
    """
    Return the failure as the tool's own span would say it: with the class that the text names.

    A text that names nothing but the called tool says that there is no such tool: a look-up by its name failed.
    """
    lead, separator, text = failed.message.partition(": ")
    said = text if separator and lead.lower() == "error" else failed.message
    if is_missing(said, tool):
        return unknown_tool(tool)
    error_type, message = split_status(said)
    return (
        replace(failed, error_type=error_type, message=one_line(message))
        if error_type and message
        else failed
    )


def is_missing(text: str, tool: str) -> bool:
    """Whether the text says that there is no such tool as the called one, or nothing but its name."""
    match = KEY.match(text) or NO_SUCH_TOOL.search(text)
    return bool(tool and match and tool in match.groups())


@once_a_form
def input_name(span: Span) -> str | None:
    """Return the attribute that holds what the model was given as a text of JSON; None without one."""
    return next((name for name in conventions.CONVENTIONS.input_texts if name in span.attributes), None)


def has_input(span: Span) -> bool:
    """Whether the span has attributes of what the model was given."""
    numbered = tuple(prefix for prefix, _ in NUMBERED)
    return input_name(span) is not None or any(name.startswith(numbered) for name in span.attributes)


def messages_with_failure(span: Span) -> list[Any]:
    """Return the messages that the model was given, if their end may report a failure; else []."""
    attributes, name = span.attributes, input_name(span)
    if name is not None:
        given = attributes[name]
        return messages_of(parsed(given)) if not isinstance(given, str) or may_tell(given) else []
    return next(filter(None, (numbered_messages(attributes, *form) for form in NUMBERED)), [])


def messages_in_turns(events: Sequence[SpanEvent]) -> list[Any]:
    """Return the messages that the model was given in events of the span, if the last ones may report a failure."""
    turns = [event for event in events if is_turn(event.name)][-MOST_TURNS:]
    end = "".join(
        str(event.attributes.values()) for event in takewhile(is_result_turn, reversed(turns))
    ).lower()
    if not any(mark in end for mark in MARKS):
        return []
    return [{"role": event.name.split(".")[1], **event_facts(event)} for event in turns]


def is_result_turn(event: SpanEvent) -> bool:
    """Whether the event is the result of a tool."""
    return event.name == RESULT_TURN


def may_tell(text: str) -> bool:
    """Whether the text ends with the result of a tool, and with a word of failures. At a glance: most inputs do not."""
    has_types = "_" in text  # seen much faster than the types
    start = max(text.rfind(ROLE), text.rfind(OUTPUT_ITEM) if has_types else -1)
    if start < 0 or len(text) > LONGEST:
        return False
    role = text[start : start + GLANCE]
    if not ('"tool"' in role or '"function"' in role or OUTPUT_ITEM in role):
        if not has_types or '"user"' not in role or "tool_result" not in text[start:]:
            return False
    else:
        start = max(text.rfind('"assistant"', 0, start), text.rfind('"user"', 0, start), 0)
    end = text[start:].lower()
    return any(mark in end for mark in MARKS)


def numbered_messages(attributes: Mapping[str, Any], prefix: str, infix: str) -> list[Any]:
    """Return the last messages in numbered attributes, if they are results; else []."""
    number = number_of_messages(attributes, prefix, f"{infix}role")
    messages: list[Any] = []
    for at in reversed(range(max(0, number - MOST_RESULTS), number)):
        own = f"{prefix}{at}{infix}"
        if attributes[f"{own}role"] not in ROLES:
            break
        facts = {name: attributes.get(own + name) for name in ("role", "content", "tool_call_id", "name")}
        messages.insert(0, facts)
    return messages


def number_of_messages(attributes: Mapping[str, Any], prefix: str, suffix: str) -> int:
    """Return how many messages are numbered, from 0 on without gaps, looking at few of them."""
    above = 1
    while f"{prefix}{above - 1}{suffix}" in attributes:
        above *= 2
    below = above // 2
    while below + 1 < above:
        middle = (below + above) // 2
        if f"{prefix}{middle - 1}{suffix}" in attributes:
            below = middle
        else:
            above = middle
    return below


def messages_of(given: Any) -> list[Any]:
    """Return the list of messages in an input."""
    if isinstance(given, dict):
        given = parsed(next((given[name] for name in LISTS if name in given), None))
    return given if isinstance(given, list) else []


def trailing_results(messages: Sequence[Any]) -> Iterator[ToldResult]:
    """Yield the results at the end of the messages, the last message first."""
    for message in list(reversed(messages))[:MOST_RESULTS]:
        results = list(results_in(message)) if isinstance(message, dict) else []
        if not results:
            return
        yield from results


def results_in(message: dict[str, Any]) -> Iterator[ToldResult]:
    """Yield the results in a message; nothing if it is of another kind."""
    content = parsed(message.get("parts") or message.get("content"))
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    typed = [part for part in (message, *parts) if part.get("type") in RESULTS]
    for part in typed:
        yield told_result(part, part)
    if not typed and message.get("role") in ROLES:
        yield told_result(message, {"content": content})


def told_result(facts: Mapping[str, Any], holder: Mapping[str, Any]) -> ToldResult:
    """Return the result that `holder` has, with the names in `facts`."""
    call_id = next((facts[name] for name in IDS if isinstance(facts.get(name), str)), "")
    tool = next(
        (facts[name] for name in ("toolName", "tool_name", "name") if isinstance(facts.get(name), str)), ""
    )
    value = next((holder[name] for name in VALUES if holder.get(name) is not None), None)
    if isinstance(value, dict) and set(value) == {"type", "value"}:  # of the AI SDK
        value = value["value"]
    is_error = facts.get("is_error") is True or facts.get("isError") is True
    return ToldResult(call_id, tool, {"isError": True, "content": value} if is_error else value)


def called_tools(messages: Sequence[Any]) -> dict[str, str]:
    """Return the names of the tools that the model called in these messages, by the id of the call."""
    names: dict[str, str] = {}
    for message in messages:
        if not isinstance(message, dict):
            continue
        parts = [message]
        for name in ("tool_calls", "parts", "content"):
            items = parsed(message.get(name))
            parts += [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
        for part in parts:
            call_id = next((part[key] for key in IDS if isinstance(part.get(key), str)), "")
            inner = part.get("function")
            tool = (inner if isinstance(inner, dict) else part).get("name") or part.get("toolName")
            if call_id and isinstance(tool, str):
                names.setdefault(call_id, tool)
    return names
