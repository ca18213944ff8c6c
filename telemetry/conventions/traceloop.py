"""
OpenLLMetry (Traceloop): `traceloop.*` spans; older model calls have `llm.*` and numbered `gen_ai.prompt.N`.

https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import SESSION, USER, extract_facts
from telemetry.spans.attribute_lookup import SESSION_NAMES, USER_NAMES, Attributes, first_text, prefixed
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("mcp",)
SCOPES = ("traceloop.tracer",)
KIND = "traceloop.span.kind"
MARKERS = frozenset({KIND, "traceloop.workflow.name", "traceloop.entity.name", "llm.request.type"})
UNITS = {"tool": "tool_call", "workflow": "graph_node", "task": "graph_node", "agent": "graph_node"}
REQUESTS = ("chat", "completion", "embedding", "rerank")
ENTITY = ("traceloop.entity.name",)
TOOLS_OFFERED = ("llm.request.functions.",)
PROPERTIES = "traceloop.association.properties."
NAMES = replace(
    genai.NAMES,
    session=(*prefixed(PROPERTIES, SESSION_NAMES), *SESSION),
    user=(*prefixed(PROPERTIES, USER_NAMES), "gen_ai.user", "llm.user", *USER),
    agent=(*genai.NAMES.agent, "traceloop.workflow.name"),
)


def read(span: Span) -> Meaning:
    """Newer model calls are OTel GenAI; Traceloop's own names go first."""
    attributes = span.attributes
    kind = first_text(attributes, (KIND,))
    known = Meaning(
        traceloop_unit(attributes, kind),
        agent=first_text(attributes, ENTITY) if kind == "agent" else "",
        is_agent_run=kind == "agent" or (not kind and genai.is_agent_run(attributes)),
        tool=first_text(attributes, ENTITY) if kind == "tool" else "",
    )
    return extract_facts(attributes, NAMES, known)


def traceloop_unit(attributes: Attributes, kind: str) -> str:
    """The unit by the kind of Traceloop's own spans, else by the request type of older model calls."""
    if kind in UNITS:
        return UNITS[kind]
    return "llm_call" if attributes.get("llm.request.type") in REQUESTS else genai.genai_unit(attributes)


def input_of(span: Span) -> Any:
    """The entity's input, else OTel GenAI's, which knows the numbered messages of older model calls."""
    return span.attributes.get("traceloop.entity.input") or genai.input_of(span)


def output_of(span: Span) -> Any:
    """The entity's output, else OTel GenAI's."""
    return span.attributes.get("traceloop.entity.output") or genai.output_of(span)
