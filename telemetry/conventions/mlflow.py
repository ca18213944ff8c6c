"""
MLflow tracing: `mlflow.*`, every value a JSON string, so that a model's name arrives in quotes.

https://mlflow.org/docs/latest/genai/tracing/opentelemetry/export/
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import parsed, tool_result
from telemetry.conventions.lookup import Attributes, count, finish_in
from telemetry.meaning import Meaning
from telemetry.span import Span

KIND = "mlflow.spanType"
UNITS = {
    "LLM": "llm_call",
    "CHAT_MODEL": "llm_call",
    "EMBEDDING": "llm_call",
    "TOOL": "tool_call",
    "RETRIEVER": "retrieval",
    "RERANKER": "retrieval",
    "AGENT": "graph_node",
    "CHAIN": "graph_node",
    "TASK": "graph_node",
    "WORKFLOW": "graph_node",
}


def recognises(span: Span) -> bool:
    """By the span type that MLflow gives to every span."""
    return KIND in span.attributes


def read(span: Span) -> Meaning:
    """Names come from the span, since MLflow names it after the function, tool or agent."""
    attributes = span.attributes
    kind = text(attributes, KIND)
    unit = UNITS.get(kind, "")
    is_model_call = unit == "llm_call"
    usage = parsed(attributes.get("mlflow.chat.tokenUsage")) if is_model_call else None
    usage = usage if isinstance(usage, dict) else {}
    return Meaning(
        unit=unit,
        session_id=text(attributes, "mlflow.trace.session") or text(attributes, "session.id"),
        user_id=text(attributes, "mlflow.trace.user") or text(attributes, "user.id"),
        agent=name_of(span) if kind == "AGENT" else "",
        is_agent_run=kind == "AGENT",
        tool=name_of(span) if kind == "TOOL" else "",
        model=(text(attributes, "mlflow.llm.model") or text(attributes, "model")) if is_model_call else "",
        input_tokens=count(usage, ("input_tokens",)),
        output_tokens=count(usage, ("output_tokens",)),
        finish_reason=finish_in(attributes.get("mlflow.spanOutputs")) if is_model_call else "",
    )


def text(attributes: Attributes, name: str) -> str:
    """The text inside the quotes."""
    value = parsed(attributes.get(name))
    return value if isinstance(value, str) else ""


def name_of(span: Span) -> str:
    """MLflow numbers repeated names (`lookup_order_2`); the function's own name has no number."""
    stem, _, number = span.name.rpartition("_")
    named = stem if stem and number.isdecimal() else span.name
    return text(span.attributes, "mlflow.spanFunctionName") or named


def messages(span: Span) -> tuple[Any, Any]:
    """The recorded inputs and outputs."""
    attributes = span.attributes
    output = attributes.get("mlflow.spanOutputs")
    is_tool = text(attributes, KIND) == "TOOL"
    return parsed(attributes.get("mlflow.spanInputs")), tool_result(output) if is_tool else parsed(output)
