"""
Mastra: OTel GenAI, with inputs and outputs in `mastra.<span type>.input` and `.output`.

A model call is two spans since version 1.1: a `model_step` has what the model was given and answered, with its calls of
tools, and the `chat` inside it the model, the tokens and the finish reason (telemetry/grouping/same_call.py).
https://github.com/mastra-ai/mastra/blob/main/observability/otel-exporter/src/gen-ai-semantics.ts
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import SESSION, USER, extract_facts
from telemetry.spans.attribute_lookup import SESSION_NAMES, USER_NAMES, first_text, prefixed
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("genai",)
SCOPES = ()
TYPE = "mastra.span.type"
MARKERS = frozenset({TYPE})
UNITS = {
    "model_step": "llm_call",
    "client_tool_call": "tool_call",
    "rag_vector_operation": "retrieval",
    "model_generation": "graph_node",  # of older versions, the call itself: it names the model
    "workflow_step": "graph_node",
    # Before version 1, whose operations are words of its own, such as `agent.run`.
    "agent_run": "graph_node",
    "workflow_run": "graph_node",
}
STEP_INPUT, STEP_OUTPUT = "mastra.model_step.input", "mastra.model_step.output"
INPUT_TEXTS = (STEP_INPUT,)
ANSWER_TEXTS = (STEP_OUTPUT,)
METADATA = "mastra.metadata."
CLIENT_TOOL = "client_tool_call "
NAMES = replace(
    genai.NAMES,
    session=(*SESSION, *prefixed(METADATA, SESSION_NAMES)),
    user=(*USER, *prefixed(METADATA, USER_NAMES)),
    agent=(*genai.NAMES.agent, "agent.id"),
)


def read(span: Span) -> Meaning:
    """The operation decides the unit, and the type of spans whose operation is a word of Mastra's own."""
    attributes = span.attributes
    kind = first_text(attributes, (TYPE,))
    unit = "" if kind == "model_step" else genai.genai_unit(attributes)
    known = Meaning(
        unit or UNITS.get(kind, ""),
        is_agent_run=kind == "agent_run" or genai.is_agent_run(attributes),
        tool=span.name.removeprefix(CLIENT_TOOL) if kind == "client_tool_call" else "",
    )
    return extract_facts(span, NAMES, known)


def input_of(span: Span) -> Any:
    """What the work was given, under the name of its type or OTel GenAI's; what a client's tool was called with."""
    value = span.attributes.get(f"mastra.{span.attributes.get(TYPE)}.input")
    if value is None and span.attributes.get(TYPE) == "client_tool_call":
        return span.attributes.get(f"{METADATA}args")
    return genai.input_of(span) if value is None else genai.with_instructions(span.attributes, value)


def output_of(span: Span) -> Any:
    """What the work gave back, under the name of its type or OTel GenAI's."""
    value = span.attributes.get(f"mastra.{span.attributes.get(TYPE)}.output")
    return genai.output_of(span) if value is None else value
