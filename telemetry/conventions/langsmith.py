"""
LangSmith's OpenTelemetry mode: `langsmith.*`, with each run's inputs and outputs as one JSON string.

`langsmith.trace.session_name` is the project's name, never a session.
https://docs.langchain.com/langsmith/trace-with-opentelemetry#supported-opentelemetry-attribute-and-event-mapping
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed, tool_result
from telemetry.conventions.lookup import SESSION_NAMES, USER_NAMES, first, prefixed
from telemetry.meaning import Meaning
from telemetry.span import Span

KIND = "langsmith.span.kind"
UNITS = {
    "llm": "llm_call",
    "embedding": "llm_call",
    "tool": "tool_call",
    "retriever": "retrieval",
    "chain": "graph_node",
}
SESSION = prefixed("langsmith.metadata.", SESSION_NAMES)
USER = prefixed("langsmith.metadata.", USER_NAMES)


def recognises(span: Span) -> bool:
    """By scope or by the run type."""
    return span.origin.scope_name == "langsmith" or KIND in span.attributes


def read(span: Span) -> Meaning:
    """A run type decides the unit; the rest is OTel GenAI with metadata beside it."""
    attributes = span.attributes
    base = genai.read(span)
    unit = UNITS.get(str(attributes.get(KIND) or ""), base.unit)
    agent = first(attributes, ("langsmith.metadata.lc_agent_name",)) or base.agent
    is_root = not span.parent_span_id and unit == "graph_node"
    return replace(
        base,
        unit=unit,
        session_id=first(attributes, SESSION),
        user_id=first(attributes, USER),
        agent=agent or (span.name if is_root else ""),
        is_agent_run=is_root or (unit == "graph_node" and agent == span.name),
        tool=base.tool or (span.name if unit == "tool_call" else ""),
        **(genai.model_call(attributes) if unit == "llm_call" else genai.NO_MODEL_CALL),
        model=first(
            attributes, ("gen_ai.request.model", "langsmith.metadata.ls_model_name", "gen_ai.response.model")
        ),
    )


def messages(span: Span) -> tuple[Any, Any]:
    """The run's inputs and outputs."""
    output = span.attributes.get("gen_ai.completion")
    is_tool = span.attributes.get(KIND) == "tool"
    return parsed(span.attributes.get("gen_ai.prompt")), tool_result(output) if is_tool else parsed(output)
