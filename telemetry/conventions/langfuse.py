"""
Langfuse's SDKs: `langfuse.observation.*`, with a level of its own that may say ERROR without an error status.

Its span processor puts `langfuse.trace.*` on the spans of other conventions too, so that those are no markers.
https://langfuse.com/integrations/native/opentelemetry#property-mapping
https://github.com/langfuse/langfuse-python/blob/main/langfuse/_client/attributes.py
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed
from telemetry.conventions.facts import SESSION, USER, extract_facts
from telemetry.spans.attribute_lookup import (
    SESSION_NAMES,
    USER_NAMES,
    Attributes,
    first_present,
    first_text,
    prefixed,
)
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("pydantic_ai",)
SCOPES = ("langfuse-sdk",)
TYPE = "langfuse.observation.type"
LEVEL = "langfuse.observation.level"
INPUT, OUTPUT = "langfuse.observation.input", "langfuse.observation.output"
INPUT_TEXTS = (INPUT,)
ANSWER_TEXTS = (OUTPUT,)
MARKERS = frozenset({TYPE, LEVEL, INPUT, OUTPUT, "langfuse.observation.model.name"})
UNITS = {
    "generation": "llm_call",
    "embedding": "llm_call",
    "tool": "tool_call",
    "retriever": "retrieval",
    "span": "graph_node",
    "agent": "graph_node",
    "chain": "graph_node",
    "guardrail": "graph_node",
}
# https://langfuse.com/docs/evaluation/experiments
EXPECTED = ("langfuse.experiment.item.expected_output",)
METADATA = "langfuse.trace.metadata."
NAMES = replace(
    genai.NAMES,
    session=("session.id", "langfuse.session.id", *SESSION, *prefixed(METADATA, SESSION_NAMES)),
    user=("user.id", "langfuse.user.id", *USER, *prefixed(METADATA, USER_NAMES)),
    model=("langfuse.observation.model.name", *genai.NAMES.model),
    input_tokens=("input", "input_tokens", "prompt_tokens", "promptTokens", *genai.NAMES.input_tokens),
    output_tokens=(
        "output",
        "output_tokens",
        "completion_tokens",
        "completionTokens",
        *genai.NAMES.output_tokens,
    ),
    kind=(TYPE,),
    answers=(OUTPUT, *genai.NAMES.answers),
)


def read(span: Span) -> Meaning:
    """The observation's type decides the unit; what it does not say may stand in OTel GenAI's names."""
    attributes = span.attributes
    kind = first_text(attributes, (TYPE,)).lower()
    unit = UNITS.get(kind, "") if kind else genai.genai_unit(attributes)
    usage = parsed(attributes.get("langfuse.observation.usage_details"))
    known = Meaning(
        unit,
        agent=span.name if kind == "agent" else "",
        is_agent_run=kind == "agent" or genai.is_agent_run(attributes),
        tool=first_text(attributes, NAMES.tool) or span.name,
        error=langfuse_error(attributes),
    )
    return extract_facts(span, NAMES, known, usage=usage if isinstance(usage, dict) else None)


def langfuse_error(attributes: Attributes) -> str:
    """The failure that the application reported to Langfuse; "" for none."""
    if first_text(attributes, (LEVEL,)).upper() != "ERROR":
        return ""
    return first_text(attributes, ("langfuse.observation.status_message",)) or "level ERROR"


def input_of(span: Span) -> Any:
    """The recorded input; older versions put that of the root span on the trace."""
    recorded = first_present(span.attributes, (INPUT, "langfuse.trace.input"))
    return genai.input_of(span) if recorded is None else recorded


def output_of(span: Span) -> Any:
    """The recorded output; older versions put that of the root span on the trace."""
    output = first_present(span.attributes, (OUTPUT, "langfuse.trace.output"))
    return genai.output_of(span) if output is None else output
