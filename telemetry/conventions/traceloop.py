"""
OpenLLMetry (Traceloop): `traceloop.*` spans; older model calls have `llm.*` and numbered `gen_ai.prompt.N`.

https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions
Inputs and outputs are inside objects that say more, `args` and `kwargs` of a decorated function, `inputs` and `outputs`
of a callback: https://github.com/traceloop/openllmetry/blob/main/packages/traceloop-sdk/traceloop/sdk/decorators/base.py,
.../packages/opentelemetry-instrumentation-langchain/opentelemetry/instrumentation/langchain/callback_handler.py
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

BEFORE = ("mcp",)
SCOPES = ("traceloop.tracer",)
KIND = "traceloop.span.kind"
MARKERS = frozenset({KIND, "traceloop.workflow.name", "traceloop.entity.name", "llm.request.type"})
UNITS = {"tool": "tool_call", "workflow": "graph_node", "task": "graph_node", "agent": "graph_node"}
REQUESTS = ("chat", "completion", "embedding", "rerank")
ENTITY = ("traceloop.entity.name",)
TOOLS_OFFERED = ("llm.request.functions.",)
INPUT, OUTPUT = "traceloop.entity.input", "traceloop.entity.output"
GIVEN_STARTS = ('{"args"', '{"inputs"', '{"input_str"')  # of JSON in the order in which OpenLLMetry writes it
ANSWERED_STARTS = ('{"output"', '{"outputs"')
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
    return extract_facts(span, NAMES, known)


def traceloop_unit(attributes: Attributes, kind: str) -> str:
    """The unit by the kind of Traceloop's own spans, else by the request type of older model calls."""
    if kind in UNITS:
        return UNITS[kind]
    return "llm_call" if attributes.get("llm.request.type") in REQUESTS else genai.genai_unit(attributes)


def input_of(span: Span) -> Any:
    """The entity's input, else OTel GenAI's, which knows the numbered messages of older model calls."""
    return given(span.attributes.get(INPUT)) or genai.input_of(span)


def output_of(span: Span) -> Any:
    """The entity's output, else OTel GenAI's."""
    return answered(span.attributes.get(OUTPUT)) or genai.output_of(span)


def given(value: Any) -> Any:
    """The input out of the object around it; the arguments of a function that was called by name as one object."""
    if isinstance(value, str) and not value.startswith(GIVEN_STARTS):
        return value
    content = parsed(value)
    if not isinstance(content, dict):
        return value
    if content.keys() == {"args", "kwargs"}:
        return content if content["args"] and content["kwargs"] else content["kwargs"] or content["args"]
    if "kwargs" not in content:
        return value
    return first_present(content, ("inputs", "input_str"))


def answered(value: Any) -> Any:
    """The output out of the object around it."""
    if isinstance(value, str) and not value.startswith(ANSWERED_STARTS):
        return value
    content = parsed(value)
    if not isinstance(content, dict) or content.keys() - {"output", "outputs"} != {"kwargs"}:
        return value
    return first_present(content, ("output", "outputs"))
