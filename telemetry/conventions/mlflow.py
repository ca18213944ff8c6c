"""
MLflow tracing: `mlflow.*`, every value a JSON string, so that a model's name arrives in quotes.

https://mlflow.org/docs/latest/genai/tracing/opentelemetry/export/
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions.content import parsed
from telemetry.conventions.facts import SESSION, USER, AttributeNames, extract_facts
from telemetry.spans.attribute_lookup import Attributes
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("openinference",)
SCOPES = ()
KIND = "mlflow.spanType"
MARKERS = frozenset({KIND, "mlflow.spanInputs"})
TOOLS_OFFERED = ("mlflow.chat.tools",)
INPUT_TEXTS = ("mlflow.spanInputs",)
ANSWER_TEXTS = ("mlflow.spanOutputs",)
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
    "GUARDRAIL": "graph_node",
}
NAMES = AttributeNames(
    session=("mlflow.trace.session", *SESSION),
    user=("mlflow.trace.user", *USER),
    input_tokens=("input_tokens",),
    output_tokens=("output_tokens",),
    kind=(KIND,),
    answers=("mlflow.spanOutputs",),
)
QUOTED = (*NAMES.session, *NAMES.user)
MODEL = ("mlflow.llm.model", "model")


def read(span: Span) -> Meaning:
    """Names come from the span, since MLflow names it after the function, tool or agent."""
    attributes = span.attributes
    kind = unquoted_text(attributes, KIND)
    unit = UNITS.get(kind, "")
    is_call = unit == "llm_call"
    usage = parsed(attributes.get("mlflow.chat.tokenUsage")) if is_call else None
    unquoted = {name: parsed(attributes[name]) for name in QUOTED if name in attributes}
    known = Meaning(
        unit,
        agent=function_name(span) if kind == "AGENT" else "",
        is_agent_run=kind == "AGENT",
        tool=function_name(span),
        model=next((name for key in MODEL if (name := unquoted_text(attributes, key))), "")
        if is_call
        else "",
    )
    return extract_facts(
        replace(span, attributes={**attributes, **unquoted}) if unquoted else span,
        NAMES,
        known,
        usage=usage if isinstance(usage, dict) else {},
    )


def unquoted_text(attributes: Attributes, name: str) -> str:
    """The text inside the quotes."""
    value = parsed(attributes.get(name))
    return value if isinstance(value, str) else ""


def function_name(span: Span) -> str:
    """MLflow numbers repeated names (`lookup_order_2`); the function's own name has no number."""
    stem, _, number = span.name.rpartition("_")
    span_name = stem if stem and number.isdecimal() else span.name
    return unquoted_text(span.attributes, "mlflow.spanFunctionName") or span_name


def input_of(span: Span) -> Any:
    """The recorded inputs."""
    return span.attributes.get("mlflow.spanInputs")


def output_of(span: Span) -> Any:
    """The recorded outputs."""
    return span.attributes.get("mlflow.spanOutputs")
