"""
Spring AI: model calls are OTel GenAI; what surrounds them has the operation `framework` and a `spring.ai.kind`.

https://docs.spring.io/spring-ai/reference/observability/index.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from telemetry.conventions import genai
from telemetry.conventions.facts import extract_facts
from telemetry.spans.attribute_lookup import first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span

BEFORE = ("haystack",)
SCOPES = ()
KIND = "spring.ai.kind"
MARKERS = frozenset({KIND})
TOOLS_OFFERED = ("spring.ai.model.request.tool.names",)  # of model calls, which are OTel GenAI otherwise
UNITS = {
    "chat_client": "graph_node",
    "advisor": "graph_node",
    "tool_call": "tool_call",
    "vector_store": "retrieval",
}
NAMES = replace(
    genai.NAMES,
    session=(
        *genai.NAMES.session,
        "spring.ai.chat.client.conversation.id",
        "spring.ai.chat.client.conversation_id",
    ),
    tool=("spring.ai.tool.definition.name", "gen_ai.tool.name"),
)
INPUTS = ("spring.ai.tool.call.arguments", "gen_ai.prompt", "db.vector.query.content")
OUTPUTS = ("spring.ai.tool.call.result", "gen_ai.completion", "db.vector.query.response.documents")


def read(span: Span) -> Meaning:
    """The kind decides the unit."""
    return extract_facts(span, NAMES, Meaning(UNITS.get(first_text(span.attributes, (KIND,)), "")))


def input_of(span: Span) -> Any:
    """The arguments of a tool, the prompt, or the query."""
    return first_present(span.attributes, INPUTS)


def output_of(span: Span) -> Any:
    """The result of a tool, the answer, or the documents."""
    return first_present(span.attributes, OUTPUTS)
