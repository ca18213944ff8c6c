"""
Vercel AI SDK 4 to 7: `ai.*` attributes on the scope `ai`; version 7 writes OTel GenAI on the scope `gen_ai`.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry#collected-data
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed
from telemetry.conventions.facts import AGENT, SESSION, USER, AttributeNames, extract_facts
from telemetry.spans.attribute_lookup import SESSION_NAMES, USER_NAMES, first_present, first_text, prefixed
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("langsmith",)
SCOPES = ("ai", "gen_ai")
OPERATION = "ai.operationId"
MARKERS = frozenset({OPERATION})
TOOLS_OFFERED = ("ai.prompt.tools",)
INPUT_TEXTS = ("ai.prompt.messages",)
ANSWER_TEXTS = ("ai.response.toolCalls",)
RUN_AGENT = ("ai.telemetry.functionId", "resource.name")
NAMES = AttributeNames(
    session=(
        *prefixed("ai.telemetry.metadata.", SESSION_NAMES),
        *prefixed("ai.settings.context.", SESSION_NAMES),
        *SESSION,
    ),
    user=(
        *prefixed("ai.telemetry.metadata.", USER_NAMES),
        *prefixed("ai.settings.context.", USER_NAMES),
        *USER,
    ),
    agent=(*RUN_AGENT, *AGENT),
    tool=("ai.toolCall.name", "gen_ai.tool.name"),
    model=("gen_ai.request.model", "ai.model.id", "ai.response.model"),
    input_tokens=(
        "gen_ai.usage.input_tokens",
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "ai.usage.tokens",
    ),
    output_tokens=("gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens"),
    kind=(OPERATION,),
    finish=("ai.response.finishReason", "ai.finishReason", "gen_ai.response.finish_reasons"),
)
VERSION_7 = replace(genai.NAMES, session=NAMES.session, user=NAMES.user)
GIVEN = ("ai.prompt.messages", "ai.prompt", "ai.value", "ai.values", "ai.documents")
ARGUMENTS = ("ai.toolCall.args", "ai.toolCall.input")
RESULTS = ("ai.toolCall.result", "ai.toolCall.output")
ANSWERS = ("ai.embedding", "ai.embeddings", "ai.ranking")
ANSWER_PARTS = ("text", "toolCalls", "object")


def read(span: Span) -> Meaning:
    """`ai.generateText` is the agent's run; `.doGenerate` and `.doStream` under it are the model calls."""
    attributes = span.attributes
    operation = first_text(attributes, (OPERATION,))
    if not operation:
        unit, is_run = genai.genai_unit(attributes), genai.is_agent_run(attributes)
        return extract_facts(span, VERSION_7, Meaning(unit, is_agent_run=is_run))
    unit = vercel_unit(operation)
    is_run = unit == "graph_node" and bool(first_text(attributes, RUN_AGENT))
    return extract_facts(span, NAMES, Meaning(unit, is_agent_run=is_run))


def vercel_unit(operation: str) -> str:
    """The unit of an `ai.operationId`."""
    if operation == "ai.toolCall":
        return "tool_call"
    if operation.startswith("ai.rerank"):
        return "retrieval"
    return "llm_call" if ".do" in operation else "graph_node"


def input_of(span: Span) -> Any:
    """The prompt, or the arguments of a tool."""
    operation = span.attributes.get(OPERATION)
    if not operation:
        return genai.input_of(span)
    return first_present(span.attributes, ARGUMENTS if operation == "ai.toolCall" else GIVEN)


def output_of(span: Span) -> Any:
    """The text, with the tool calls or the object that the model gave; or what a tool gave back."""
    attributes = span.attributes
    operation = attributes.get(OPERATION)
    if not operation:
        return genai.output_of(span)
    if operation == "ai.toolCall":
        return first_present(attributes, RESULTS)
    parts = {}
    for name in ANSWER_PARTS:  # `ai.result` is version 3's name
        part = first_present(attributes, (f"ai.response.{name}", f"ai.result.{name}"))
        if part is not None:
            parts[name] = parsed(part)
    return parts["text"] if list(parts) == ["text"] else parts or first_present(attributes, ANSWERS)
