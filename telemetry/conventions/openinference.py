"""
OpenInference (Arize Phoenix): OpenAI, LangChain and LangGraph, LlamaIndex, CrewAI, OpenAI Agents and others.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import metadata, numbered, parsed, tool_result
from telemetry.conventions.lookup import SESSION_NAMES, USER_NAMES, Attributes, count, finish_in, first
from telemetry.meaning import Meaning
from telemetry.span import Span

KIND = "openinference.span.kind"
UNITS = {
    "LLM": "llm_call",
    "EMBEDDING": "llm_call",
    "TOOL": "tool_call",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "CHAIN": "graph_node",
    "AGENT": "graph_node",
}


def recognises(span: Span) -> bool:
    """By the span kind that the specification requires."""
    return KIND in span.attributes or span.origin.scope_name.startswith("openinference.instrumentation")


def read(span: Span) -> Meaning:
    """LangGraph puts the user and the agent's name into the JSON `metadata` alone."""
    attributes = span.attributes
    kind = str(attributes.get(KIND) or "").upper()
    unit = UNITS.get(kind, "")
    facts = metadata(attributes)
    is_model_call = unit == "llm_call"
    return Meaning(
        unit=unit,
        session_id=first(attributes, ("session.id",)) or first(facts, SESSION_NAMES),
        user_id=first(attributes, ("user.id",)) or first(facts, USER_NAMES),
        agent=agent_of(span, kind, facts),
        is_agent_run=kind == "AGENT",
        tool=first(attributes, ("tool.name", "tool_call.function.name"))
        or (span.name if kind == "TOOL" else ""),
        model=model_of(attributes) if is_model_call else "",
        input_tokens=count(attributes, ("llm.token_count.prompt",)) if is_model_call else None,
        output_tokens=count(attributes, ("llm.token_count.completion",)) if is_model_call else None,
        finish_reason=finish_of(attributes) if is_model_call else "",
    )


def agent_of(span: Span, kind: str, facts: dict[str, Any]) -> str:
    """The agent that this span belongs to."""
    agent = first(span.attributes, ("agent.name",)) or first(facts, ("lc_agent_name", "agent_name"))
    return agent or (span.name if kind == "AGENT" else "")


def model_of(attributes: Attributes) -> str:
    """The model that was asked for: the same name whether the call failed or not."""
    parameters = parsed(attributes.get("llm.invocation_parameters"))
    asked = first(parameters, ("model", "model_name", "model_id")) if isinstance(parameters, dict) else ""
    return asked or first(attributes, ("llm.model_name", "embedding.model_name"))


def finish_of(attributes: Attributes) -> str:
    """Older versions leave it inside the answer."""
    return first(attributes, ("llm.finish_reason",)) or finish_in(attributes.get("output.value"))


def messages(span: Span) -> tuple[Any, Any]:
    """The numbered messages of a model call; else input and output as recorded."""
    attributes = span.attributes
    given = answer = None
    if attributes.get(KIND) == "LLM":
        given = numbered(attributes, "llm.input_messages.")
        answer = numbered(attributes, "llm.output_messages.")
    if attributes.get(KIND) == "TOOL":
        answer = tool_result(attributes.get("output.value"))
    if attributes.get(KIND) == "RETRIEVER":
        answer = numbered(attributes, "retrieval.documents.")
    return given or parsed(attributes.get("input.value")), answer or parsed(attributes.get("output.value"))
