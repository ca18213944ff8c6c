"""
OpenLLMetry (Traceloop): `traceloop.*` spans; older model calls have `llm.*` and numbered `gen_ai.prompt.N`.

https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import numbered, parsed, tool_result
from telemetry.conventions.lookup import SESSION_NAMES, USER_NAMES, Attributes, first, prefixed
from telemetry.meaning import Meaning
from telemetry.span import Span

KIND = "traceloop.span.kind"
MARKERS = (KIND, "traceloop.workflow.name", "traceloop.entity.name", "llm.request.type")
UNITS = {"tool": "tool_call", "workflow": "graph_node", "task": "graph_node", "agent": "graph_node"}
REQUESTS = ("chat", "completion", "embedding", "rerank")
SESSION = prefixed("traceloop.association.properties.", SESSION_NAMES)
USER = prefixed("traceloop.association.properties.", USER_NAMES)


def recognises(span: Span) -> bool:
    """By any of its own names."""
    attributes = span.attributes
    return any(marker in attributes for marker in MARKERS) or span.origin.scope_name == "traceloop.tracer"


def read(span: Span) -> Meaning:
    """Newer model calls are OTel GenAI; its reading is the base, Traceloop's own names go on top."""
    attributes = span.attributes
    base = genai.read(span)
    kind = attributes.get(KIND)
    entity = first(attributes, ("traceloop.entity.name",))
    unit = unit_of(attributes) or base.unit
    return replace(
        base,
        unit=unit,
        session_id=first(attributes, SESSION),
        user_id=first(attributes, USER) or first(attributes, ("gen_ai.user", "llm.user")),
        agent=(entity if kind == "agent" else "")
        or base.agent
        or first(attributes, ("traceloop.workflow.name",)),
        is_agent_run=kind == "agent" or base.is_agent_run,
        tool=(entity if kind == "tool" else "") or base.tool,
        **(genai.model_call(attributes) if unit == "llm_call" else genai.NO_MODEL_CALL),
    )


def unit_of(attributes: Attributes) -> str:
    """By the kind of its own spans, by the request type of older model calls."""
    unit = UNITS.get(str(attributes.get(KIND) or ""))
    return unit or ("llm_call" if attributes.get("llm.request.type") in REQUESTS else "")


def messages(span: Span) -> tuple[Any, Any]:
    """Numbered messages of older model calls, the entity's input and output, else OTel GenAI's."""
    attributes = span.attributes
    if "traceloop.entity.input" in attributes or "traceloop.entity.output" in attributes:
        output = attributes.get("traceloop.entity.output")
        is_tool = attributes.get(KIND) == "tool"
        return parsed(attributes.get("traceloop.entity.input")), tool_result(output) if is_tool else parsed(
            output
        )
    given = numbered(attributes, "gen_ai.prompt.")
    return (given, numbered(attributes, "gen_ai.completion.")) if given else genai.messages(span)
