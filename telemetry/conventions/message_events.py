"""
Messages in span events, as OTel GenAI had them up to 1.36, and as clients such as Strands still write them.

With `gen_ai_latest_experimental`, Strands writes events of the newest name instead, on calls of tools, too: the
arguments and the result are parts of messages there, `tool_call` and `tool_call_response`.
https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md
https://github.com/strands-agents/sdk-python/blob/main/src/strands/telemetry/tracer.py. Gemini CLI has both on the span:
https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/telemetry/trace.ts
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed
from telemetry.spans.attribute_lookup import first_present, first_text, joined_reasons
from telemetry.spans.span import DETAILS, Span, SpanEvent

ANSWERS = ("gen_ai.choice", "gen_ai.content.completion")
GIVEN = ("gen_ai.tool.message",)
EVALUATION = "gen_ai.evaluation.result"
INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
# A message in JSON, in Azure's SDKs: https://github.com/Azure/azure-sdk-for-python/blob/main/sdk/ai/azure-ai-inference/
# azure/ai/inference/tracing.py
CONTENT = "gen_ai.event.content"
# Where parts of these types hold their value:
# https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-input-messages.json
CALLED, RETURNED = {"tool_call": "arguments"}, {"tool_call_response": "response"}


def given_to_tool(span: Span) -> Any:
    """The arguments of a tool's call, in an event of its own or in messages; None without any."""
    content = last_content(span.events, GIVEN)
    return part_value(parsed(span.attributes.get(INPUT)), CALLED) if content is None else content


def result_of_tool(span: Span) -> Any:
    """The result of a tool's call, in an event of its own or in messages; None without any."""
    content = last_content(span.events, ANSWERS)
    return part_value(parsed(span.attributes.get(OUTPUT)), RETURNED) if content is None else content


def last_content(events: list[SpanEvent], names: tuple[str, ...]) -> Any:
    """What the last event of these names holds; None without one."""
    if not events:
        return None
    found = [event for event in events if event.name in names]
    return first_present(event_facts(found[-1]), ("message", "content")) if found else None


def part_value(messages: Any, part_values: dict[str, str]) -> Any:
    """The value of the first part of these types in messages; else the messages themselves. `part_values`: by type."""
    if isinstance(messages, dict):
        return messages["args"] if "args" in messages and "name" in messages else messages  # Gemini CLI
    for message in messages if isinstance(messages, list) else ():
        parts = message.get("parts") if isinstance(message, dict) else None
        for part in parts if isinstance(parts, list) else ():
            name = part_values.get(str(part.get("type"))) if isinstance(part, dict) else None
            if name and part.get(name) is not None:
                return part[name]
    return messages


def finish_reason(events: list[SpanEvent]) -> str:
    """The reasons why the model stopped, from clients that give each with an answer, in an event."""
    facts = (event_facts(event) for event in events if event.name in ANSWERS)
    return joined_reasons(first_text(answer, ("finish_reason",)) for answer in facts)


def event_facts(event: SpanEvent) -> dict[str, Any]:
    """What the event says, with the parts of its content where a client has all of them in one attribute."""
    content = parsed(event.attributes.get(CONTENT))
    return {**event.attributes, **content} if isinstance(content, dict) else event.attributes


def messages_in_events(events: list[SpanEvent], attribute: str, *, answers: bool) -> list[Any] | None:
    """`gen_ai.user.message`, `gen_ai.choice`, and the one event that holds both sides; None without any."""
    contents = []
    for event in events:
        if event.name == DETAILS or attribute in event.attributes:
            contents.append(parsed(event.attributes.get(attribute)))
        elif is_message(event) and (event.name in ANSWERS) == answers:
            facts = {name: parsed(item) for name, item in event_facts(event).items() if name != CONTENT}
            contents.append({"event": event.name, **facts})
    return [message for message in contents if message is not None] or None


def is_message(event: SpanEvent) -> bool:
    """Whether the event is one message of the conversation, as older versions have them."""
    return is_turn(event.name) or event.name in ANSWERS or event.name == "gen_ai.content.prompt"


def is_turn(name: str) -> bool:
    """Whether an event of this name is one turn of a conversation."""
    return name.startswith("gen_ai.") and name.endswith(".message")


def is_genai_event(name: str) -> bool:
    """Whether OTel GenAI, old or new, defines an event of this name as part of a span."""
    return is_turn(name) or name in ANSWERS or name in (DETAILS, EVALUATION)
