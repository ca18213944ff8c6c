"""
Claude Code and the Claude Agent SDK: spans `claude_code.*`, whose failures are a `success` of false.

https://code.claude.com/docs/en/monitoring-usage#traces-beta
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.facts import AttributeNames, extract_facts
from telemetry.conventions.log_clients.claude_code import ANSWER, CLIENT
from telemetry.conventions.log_clients.log_client import event_content, event_error
from telemetry.spans.attribute_lookup import Attributes, first_present, first_text
from telemetry.spans.meaning import Meaning
from telemetry.spans.span import Span, SpanEvent

BEFORE = ("vercel",)
SCOPES = ("com.anthropic.claude_code*",)
MARKERS = frozenset[str]()
TYPE = "span.type"
UNITS = {"interaction": "graph_node", "llm_request": "llm_call", "tool": "tool_call"}
NAMES = AttributeNames(
    tool=("tool_name",),
    model=("gen_ai.request.model", "model"),
    input_tokens=("input_tokens", "gen_ai.usage.input_tokens"),
    output_tokens=("output_tokens", "gen_ai.usage.output_tokens"),
    finish=("stop_reason", "gen_ai.response.finish_reasons"),
)
INPUTS = ("user_prompt", "tool_input", "new_context", "full_command", "file_path")
OUTPUTS = ("response.model_output", "tool_output")
TOOL_OUTPUT, RESULT = "tool.output", "claude_code.tool_result"  # events
AGENT = "claude-code"


def read(span: Span) -> Meaning:
    """One interaction is one run of the agent."""
    attributes = span.attributes
    kind = first_text(attributes, (TYPE,)) or span.name.removeprefix("claude_code.")
    known = Meaning(
        UNITS.get(kind, ""),
        agent=AGENT,
        is_agent_run=kind == "interaction",
        error=interaction_error(attributes) or (told_error(span.events) if span.events else ""),
    )
    return extract_facts(span, NAMES, known)


def interaction_error(attributes: Attributes) -> str:
    """The error of a span whose `success` is false; "" for all others."""
    return (first_text(attributes, ("error",)) or "failed") if attributes.get("success") is False else ""


def told_error(events: list[SpanEvent]) -> str:
    """The error of a tool's call that the event of its result reports: the span of its execution alone fails."""
    for event in events:
        if event.name == RESULT:
            return event_error(CLIENT.events[RESULT], event.attributes)
    return ""


def input_of(span: Span) -> Any:
    """The user's prompt, or what the tool was given, as far as its logging is switched on."""
    return first_present(span.attributes, INPUTS)


def output_of(span: Span) -> Any:
    """The model's answer, which a log record brings, or the tool's output, which is an event."""
    outputs = [event.attributes for event in span.events if event.name == TOOL_OUTPUT]
    if outputs:
        return outputs[-1]
    output = first_present(span.attributes, OUTPUTS)
    return event_content(ANSWER, {}, span.events) if output is None and span.events else output
