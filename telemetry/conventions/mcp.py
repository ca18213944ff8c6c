"""
Model Context Protocol, client and server: `mcp.method.name`.

https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import SESSION, extract_facts
from telemetry.spans.attribute_lookup import first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("langfuse",)
SCOPES = ()
METHOD = "mcp.method.name"
MARKERS = frozenset({METHOD})
CALL = "tools/call"
NAMES = replace(genai.NAMES, session=(*SESSION, "mcp.session.id"), tool=("gen_ai.tool.name", "mcp.tool.name"))


def read(span: Span) -> Meaning:
    """`tools/call` is a tool call; listing, discovery and the rest are plain work."""
    attributes = span.attributes
    is_call = attributes.get(METHOD) == CALL
    tool = (first_text(attributes, NAMES.tool) or tool_in_span_name(span)) if is_call else ""
    return extract_facts(span, NAMES, Meaning("tool_call" if is_call else "", tool=tool))


def tool_in_span_name(span: Span) -> str:
    """The tool in `MCP send tools/call lookup_order`: older clients name it only there."""
    return span.name.partition(f"{CALL} ")[2].strip()


def input_of(span: Span) -> Any:
    """The arguments, under OTel GenAI's names."""
    return first_present(span.attributes, genai.ARGUMENTS)


def output_of(span: Span) -> Any:
    """The result, under OTel GenAI's names."""
    return first_present(span.attributes, genai.RESULTS)
