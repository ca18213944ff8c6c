"""
Google's Agent Development Kit: OTel GenAI, with requests, responses and the session in `gcp.vertex.agent.*`.

https://github.com/google/adk-python/blob/main/src/google/adk/telemetry/tracing.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import extract_facts
from telemetry.spans.attribute_lookup import first_present
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("spring_ai",)
SCOPES = ("gcp.vertex.agent",)
OWN = "gcp.vertex.agent."
MARKERS = frozenset(OWN + name for name in ("session_id", "event_id", "invocation_id", "llm_request"))
NAMES = replace(genai.NAMES, session=("gen_ai.conversation.id", f"{OWN}session_id", *genai.NAMES.session))
EMPTY: tuple[Any, ...] = ("{}", {}, "N/A")  # written where content is switched off


def read(span: Span) -> Meaning:
    """The facts of OTel GenAI, with the session where older versions put it."""
    attributes = span.attributes
    known = Meaning(genai.genai_unit(attributes), is_agent_run=genai.is_agent_run(attributes))
    return extract_facts(span, NAMES, known)


def input_of(span: Span) -> Any:
    """The request to the model, or the arguments of a tool."""
    return adk_value(span, "tool_call_args", "llm_request", genai.input_of(span))


def output_of(span: Span) -> Any:
    """The model's response, or what a tool gave back."""
    return adk_value(span, "tool_response", "llm_response", genai.output_of(span))


def adk_value(span: Span, of_tool: str, of_model: str, general: Any) -> Any:
    """ADK's own attribute, where OTel GenAI's are not there; tools have empty ones of a model call."""
    if general is not None:
        return general
    is_tool = genai.genai_unit(span.attributes) == "tool_call"
    value = first_present(span.attributes, (OWN + (of_tool if is_tool else of_model),))
    return None if value in EMPTY else value
