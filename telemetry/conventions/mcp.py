"""
Model Context Protocol, client and server: `mcp.method.name`.

https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.lookup import first
from telemetry.meaning import Meaning
from telemetry.span import Span

METHOD = "mcp.method.name"
CALL = "tools/call"


def recognises(span: Span) -> bool:
    """By the method that every MCP span names."""
    return METHOD in span.attributes


def read(span: Span) -> Meaning:
    """`tools/call` is a tool call; listing, discovery and the rest are plain work."""
    attributes = span.attributes
    is_call = attributes[METHOD] == CALL
    return Meaning(
        unit="tool_call" if is_call else "",
        session_id=first(attributes, ("session.id", "gen_ai.conversation.id", "mcp.session.id")),
        agent=first(attributes, ("gen_ai.agent.name",)),
        tool=(first(attributes, ("gen_ai.tool.name", "mcp.tool.name")) or named(span)) if is_call else "",
    )


def named(span: Span) -> str:
    """The tool in `MCP send tools/call lookup_order`: older clients name it only there."""
    return span.name.partition(f"{CALL} ")[2].strip()


def messages(span: Span) -> tuple[Any, Any]:
    """Arguments and result, under OTel GenAI's names."""
    return genai.messages(span)
