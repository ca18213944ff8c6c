"""
LangSmith's OpenTelemetry mode: `langsmith.*`, with each run's inputs and outputs as one JSON string.

`langsmith.trace.session_name` is the project's name, never a session.
https://docs.langchain.com/langsmith/trace-with-opentelemetry#supported-opentelemetry-attribute-and-event-mapping
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import SESSION, USER, extract_facts
from telemetry.spans.attribute_lookup import SESSION_NAMES, USER_NAMES, first_text, prefixed
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("mlflow",)
SCOPES = ("langsmith",)
KIND = "langsmith.span.kind"
MARKERS = frozenset({KIND})
FAILS_WITHOUT_STATUS = True  # it sets OK before a timeout comes
UNITS = {
    "llm": "llm_call",
    "embedding": "llm_call",
    "tool": "tool_call",
    "retriever": "retrieval",
    "chain": "graph_node",
}
AGENT = ("langsmith.metadata.lc_agent_name", *genai.NAMES.agent)
NAMES = replace(
    genai.NAMES,
    session=(*prefixed("langsmith.metadata.", SESSION_NAMES), *SESSION),
    user=(*prefixed("langsmith.metadata.", USER_NAMES), *USER),
    model=("gen_ai.request.model", "langsmith.metadata.ls_model_name", "gen_ai.response.model"),
)


def read(span: Span) -> Meaning:
    """A run type decides the unit; the rest is OTel GenAI with metadata beside it."""
    attributes = span.attributes
    unit = UNITS.get(first_text(attributes, (KIND,))) or genai.genai_unit(attributes)
    agent = first_text(attributes, AGENT)
    is_root = not span.parent_span_id and unit == "graph_node"
    known = Meaning(
        unit,
        agent=agent or (span.name if is_root else ""),
        is_agent_run=is_root or (unit == "graph_node" and agent == span.name),
        tool=first_text(attributes, NAMES.tool) or span.name,
    )
    return extract_facts(span, NAMES, known)


def input_of(span: Span) -> Any:
    """The run's inputs."""
    return span.attributes.get("gen_ai.prompt")


def output_of(span: Span) -> Any:
    """The run's outputs."""
    return span.attributes.get("gen_ai.completion")
