"""
Vercel AI SDK 4 to 7: `ai.*` attributes on the scope `ai`; version 7 writes OTel GenAI on the scope `gen_ai`.

https://ai-sdk.dev/docs/ai-sdk-core/telemetry#collected-data
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.content import parsed
from telemetry.conventions.lookup import SESSION_NAMES, USER_NAMES, count, first, prefixed
from telemetry.meaning import Meaning
from telemetry.span import Span

SCOPES = ("ai", "gen_ai")
SESSION = prefixed("ai.telemetry.metadata.", SESSION_NAMES) + prefixed("ai.settings.context.", SESSION_NAMES)
USER = prefixed("ai.telemetry.metadata.", USER_NAMES) + prefixed("ai.settings.context.", USER_NAMES)
INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
)
OUTPUT_TOKENS = ("gen_ai.usage.output_tokens", "ai.usage.outputTokens", "ai.usage.completionTokens")


def recognises(span: Span) -> bool:
    """By scope, or by the operation id that every span of it has."""
    return span.origin.scope_name in SCOPES or "ai.operationId" in span.attributes


def read(span: Span) -> Meaning:
    """`ai.generateText` is the agent's run; `.doGenerate` and `.doStream` under it are the model calls."""
    attributes = span.attributes
    operation = first(attributes, ("ai.operationId",))
    session_id, user_id = first(attributes, SESSION), first(attributes, USER)
    if not operation:
        return replace(genai.read(span), session_id=session_id, user_id=user_id)
    unit = unit_of(operation)
    is_model_call = unit == "llm_call"
    agent = first(attributes, ("ai.telemetry.functionId", "resource.name"))
    return Meaning(
        unit=unit,
        session_id=session_id,
        user_id=user_id,
        agent=agent,
        is_agent_run=unit == "graph_node" and bool(agent),
        tool=first(attributes, ("ai.toolCall.name",)),
        model=first(attributes, ("gen_ai.request.model", "ai.model.id", "ai.response.model")),
        input_tokens=count(attributes, INPUT_TOKENS) if is_model_call else None,
        output_tokens=count(attributes, OUTPUT_TOKENS) if is_model_call else None,
        finish_reason=first(attributes, ("ai.response.finishReason",)) if is_model_call else "",
    )


def unit_of(operation: str) -> str:
    """The unit of an `ai.operationId`."""
    if operation == "ai.toolCall":
        return "tool_call"
    return "llm_call" if ".do" in operation else "graph_node"


def messages(span: Span) -> tuple[Any, Any]:
    """Prompt and answer, or arguments and result of a tool."""
    attributes = span.attributes
    operation = attributes.get("ai.operationId")
    if not operation:
        return genai.messages(span)
    if operation == "ai.toolCall":
        return parsed(attributes.get("ai.toolCall.args")), parsed(attributes.get("ai.toolCall.result"))
    given = attributes.get("ai.prompt.messages") or attributes.get("ai.prompt") or attributes.get("ai.value")
    return parsed(given), answer(span)


def answer(span: Span) -> Any:
    """The text, with the tool calls or the object that the model gave."""
    parts = {
        name: parsed(span.attributes[f"ai.response.{name}"])
        for name in ("text", "toolCalls", "object")
        if span.attributes.get(f"ai.response.{name}")
    }
    return parts["text"] if list(parts) == ["text"] else parts or None
