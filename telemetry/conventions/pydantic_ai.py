"""
Pydantic AI: OTel GenAI, with the conversation of a whole run in `pydantic_ai.all_messages`.

Before version 1, runs had no operation's name and messages were JSON lists of events.
https://ai.pydantic.dev/logfire/#opentelemetry-semantic-conventions
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed
from telemetry.conventions.facts import extract_facts
from telemetry.spans.attribute_lookup import first_count, first_present
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("google_adk",)
SCOPES = ("pydantic-ai",)
# On model calls: .../pydantic-ai/blob/main/pydantic_ai_slim/pydantic_ai/models/instrumented.py
TOOLS_OFFERED = ("model_request_parameters",)
CONVERSATION = ("pydantic_ai.all_messages", "all_messages_events")
MARKERS = frozenset(CONVERSATION)
NEW = ("pydantic_ai.new_message_index",)
ANSWERS = ("assistant", "model-text-response")
NAMES = replace(genai.NAMES, model=(*genai.NAMES.model, "model_name"))


def read(span: Span) -> Meaning:
    """The facts of OTel GenAI; runs of older versions are recognised by the agent that they name."""
    attributes = span.attributes
    is_run = genai.is_agent_run(attributes) or (
        "agent_name" in attributes and genai.OPERATION not in attributes
    )
    unit = "graph_node" if is_run else genai.genai_unit(attributes)
    return extract_facts(span, NAMES, Meaning(unit, is_agent_run=is_run))


def input_of(span: Span) -> Any:
    """For a run, the conversation up to the request that it answers."""
    conversation = parsed(first_present(span.attributes, CONVERSATION))
    if isinstance(conversation, list):
        messages = up_to_answer(conversation, first_count(span.attributes, NEW) or 0)
        return genai.with_instructions(span.attributes, messages or None)
    events = parsed(span.attributes.get("events"))
    if isinstance(events, list):
        return [event for event in events if not is_choice(event)] or None
    return genai.input_of(span)


def up_to_answer(conversation: list[Any], new: int) -> list[Any]:
    """The messages before the first answer of this run; `new` is where its own messages begin."""
    for position, message in enumerate(conversation):
        if position >= new and isinstance(message, dict) and message.get("role") in ANSWERS:
            return conversation[:position]
    return conversation


def output_of(span: Span) -> Any:
    """For a run, its final result."""
    result = first_present(span.attributes, ("final_result",))
    if result is not None:
        return result
    events = parsed(span.attributes.get("events"))
    if isinstance(events, list):
        return [event for event in events if is_choice(event)] or None
    return genai.output_of(span)


def is_choice(event: Any) -> bool:
    """Whether the event holds the model's answer."""
    return isinstance(event, dict) and event.get("event.name") == "gen_ai.choice"
