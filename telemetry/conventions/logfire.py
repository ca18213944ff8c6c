"""
Logfire's spans of the OpenAI Agents SDK: named by a template (`Function: {name}`), whose values are attributes.

Failures are a JSON `error` with `message` and `data`, and an error status without a description.
https://github.com/pydantic/logfire/blob/main/logfire/_internal/integrations/openai_agents.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed
from telemetry.conventions.facts import SESSION, extract_facts
from telemetry.spans.attribute_lookup import Attributes, first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("genai",)
SCOPES = ("logfire.openai_agents",)
MARKERS = frozenset[str]()
INPUT_TEXTS = ("input",)
ANSWER_TEXTS = ("output",)
TEMPLATE = "logfire.msg_template"
TOOL, AGENT = "Function: ", "Agent run: "  # beginnings of templates
# The SDK's `group_id` links the traces of one conversation: https://openai.github.io/openai-agents-python/tracing/
NAMES = replace(genai.NAMES, session=(*SESSION, "group_id"), answers=("output",))
DETAILS = ("error", "tool_name")  # of an error's `data`, the most telling first


def read(span: Span) -> Meaning:
    """The template says what the span is; spans of model calls name the model."""
    attributes = span.attributes
    template = first_text(attributes, (TEMPLATE,)) or span.name
    name = first_text(attributes, ("name",))
    is_agent, is_tool = template.startswith(AGENT), template.startswith(TOOL)
    unit = "tool_call" if is_tool else "graph_node" if is_agent else genai.genai_unit(attributes)
    known = Meaning(
        unit or "graph_node",
        agent=name if is_agent else first_text(attributes, ("agent_name",)),
        is_agent_run=is_agent,
        tool=name if is_tool else "",
        error=logfire_error(attributes),
    )
    return extract_facts(span, NAMES, known)


def logfire_error(attributes: Attributes) -> str:
    """The message of the span's `error` with the detail in its data; "" without one."""
    error = parsed(attributes.get("error"))
    if not isinstance(error, dict):
        return ""
    data = error.get("data")
    detail = first_text(data, DETAILS) if isinstance(data, dict) else ""
    return ": ".join(filter(None, (first_text(error, ("message",)), detail)))


def input_of(span: Span) -> Any:
    """The messages to a model, or the arguments of a tool."""
    return first_present(span.attributes, ("input", "raw_input", "request_data"))


def output_of(span: Span) -> Any:
    """The model's messages, or what a tool gave back."""
    return first_present(span.attributes, ("output", "response"))
