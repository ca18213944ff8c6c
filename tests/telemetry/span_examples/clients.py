"""Clients that write OpenTelemetry's own GenAI names, and the functions that all examples are made with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.spans.meaning import Meaning
from telemetry.spans.span import DETAILS, Span, SpanEvent
from tests.telemetry.span_builders import make_span

QUESTION = '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'
ASKED = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
ORDER = {"order_id": "A-1"}
DONE = '{"content": [{"type": "text", "text": "done"}]}'  # MCP's form of a tool's result
ORDER_JSON = '{"order_id": "A-1"}'


@dataclass(frozen=True, slots=True)
class Example:
    """One span, and what it says."""

    client: str
    span: Span
    meaning: Meaning
    input: Any = None
    output: Any = None


def example(
    client: str,
    name: str,
    attributes: Mapping[str, Any],
    meaning: Meaning,
    given: Any = None,
    output: Any = None,
    *,
    scope: str = "app",
    events: Iterable[SpanEvent] = (),
    **facts: Any,
) -> Example:
    """An example in one line where it fits."""
    span = make_span(name, scope, dict(attributes), events=list(events), **facts)
    return Example(client, span, meaning, given, output)


def message(kind: str, **values: Any) -> list[dict[str, Any]]:
    """A tool's message of one part, as OTel GenAI has them."""
    return [{"role": "tool", "parts": [{"type": kind, "id": "t1", **values}]}]


def call(model: str = "", given: int | None = None, answered: int | None = None, **facts: Any) -> Meaning:
    """A model call with its tokens."""
    return Meaning(unit="llm_call", model=model, input_tokens=given, output_tokens=answered, **facts)


def tool(name: str, **facts: Any) -> Meaning:
    """A tool call."""
    return Meaning(unit="tool_call", tool=name, **facts)


def run(agent: str, **facts: Any) -> Meaning:
    """A whole run of an agent."""
    return Meaning(unit="graph_node", agent=agent, is_agent_run=True, **facts)


GENERAL = [
    example(
        "OTel GenAI, newest",
        "chat m",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.request.model": "m",
            "gen_ai.usage.input_tokens": 7,
            "gen_ai.usage.output_tokens": 3,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.system_instructions": '[{"type": "text", "content": "be kind"}]',
            "gen_ai.input.messages": ASKED,
            "gen_ai.output.messages": QUESTION,
            "enduser.id": "u1",
        },
        call("m", 7, 3, finish_reason="stop", user_id="u1"),
        {"system_instructions": [{"type": "text", "content": "be kind"}], "messages": ASKED},
        ASKED,
    ),
    example(
        "OTel GenAI 1.27, with events",
        "chat m",
        {"gen_ai.system": "openai", "gen_ai.request.model": "m", "gen_ai.usage.completion_tokens": 3},
        call("m", None, 3),
        [{"event": "gen_ai.content.prompt", "gen_ai.prompt": "hi"}],
        [{"event": "gen_ai.content.completion", "gen_ai.completion": "hello"}],
        events=[
            SpanEvent("gen_ai.content.prompt", 1, {"gen_ai.prompt": "hi"}),
            SpanEvent("gen_ai.content.completion", 2, {"gen_ai.completion": "hello"}),
        ],
    ),
    example(
        "Strands",
        "execute_tool lookup_order",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.system": "strands-agents",
            "gen_ai.tool.name": "lookup_order",
        },
        tool("lookup_order"),
        ORDER,
        {"text": "shipped"},
        events=[
            SpanEvent("gen_ai.tool.message", 1, {"role": "tool", "content": ORDER_JSON, "id": "t1"}),
            SpanEvent("gen_ai.choice", 2, {"message": '{"text": "shipped"}', "id": "t1"}),
        ],
    ),
    example(
        "Strands, a model call",
        "chat",
        {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 7, "session.id": "s1"},
        call("", 7, finish_reason="end_turn", session_id="s1"),
        [{"event": "gen_ai.user.message", "content": [{"text": "hi"}]}],
        [{"event": "gen_ai.choice", "finish_reason": "end_turn", "message": "hello"}],
        events=[
            SpanEvent("gen_ai.user.message", 1, {"content": '[{"text": "hi"}]'}),
            SpanEvent("gen_ai.choice", 2, {"finish_reason": "end_turn", "message": "hello"}),
        ],
    ),
    example(
        "Strands, newest events",
        "execute_tool lookup_order",
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup_order"},
        tool("lookup_order"),
        ORDER,
        "shipped",
        events=[
            SpanEvent(
                DETAILS, 1, {"gen_ai.input.messages": json.dumps(message("tool_call", arguments=ORDER))}
            ),
            SpanEvent(
                DETAILS,
                2,
                {"gen_ai.output.messages": message("tool_call_response", response=[{"text": "shipped"}])},
            ),
        ],
    ),
    example(
        "Strands, a model call with newest events",
        "chat",
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"},
        call("m", finish_reason="end_turn"),
        None,
        [{"role": "assistant", "finish_reason": "end_turn"}],
        events=[
            SpanEvent(
                DETAILS, 1, {"gen_ai.output.messages": [{"role": "assistant", "finish_reason": "end_turn"}]}
            )
        ],
    ),
    example(
        "Azure AI Inference",
        "chat m",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.system": "az.ai.inference",
            "gen_ai.request.model": "m",
            "gen_ai.usage.output_tokens": 3,
        },
        call("m", None, 3, finish_reason="stop"),
        [
            {
                "event": "gen_ai.user.message",
                "gen_ai.system": "az.ai.inference",
                "role": "user",
                "content": "hi",
            }
        ],
        [{"event": "gen_ai.choice", "message": {"content": "hello"}, "finish_reason": "stop"}],
        events=[
            SpanEvent(
                "gen_ai.user.message",
                1,
                {
                    "gen_ai.system": "az.ai.inference",
                    "gen_ai.event.content": '{"role": "user", "content": "hi"}',
                },
            ),
            SpanEvent(
                "gen_ai.choice",
                2,
                {"gen_ai.event.content": '{"message": {"content": "hello"}, "finish_reason": "stop"}'},
            ),
        ],
    ),
    example(
        "Semantic Kernel",
        "text_completions m",
        {
            "gen_ai.operation.name": "text_completions",
            "gen_ai.request.model": "m",
            "gen_ai.response.finish_reason": "length",
        },
        call("m", finish_reason="length"),
    ),
    example(
        "a word of its own",
        "realtime",
        {
            "gen_ai.operation.name": "realtime",
            "gen_ai.request.model": "m",
            "gen_ai.response.finish_reasons": "['stop']",
        },
        call("m", finish_reason="stop"),
    ),
    example(
        "Microsoft Agent Framework",
        "execute_tool refund",
        {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "refund",
            "gen_ai.tool.call.arguments": ORDER_JSON,
            "gen_ai.tool.call.result": '{"ok": true}',
            "gen_ai.conversation.id": "c1",
        },
        tool("refund", session_id="c1"),
        ORDER,
        {"ok": True},
    ),
    example(
        "retrieval",
        "retrieval docs",
        {
            "gen_ai.operation.name": "retrieval",
            "gen_ai.retrieval.query.text": "returns",
            "gen_ai.retrieval.documents": '[{"id": "d1"}]',
        },
        Meaning(unit="retrieval"),
        "returns",
        [{"id": "d1"}],
    ),
    example(
        "a log event of Codex",
        "codex.tool_result",
        {
            "loopkit.log_event": "codex.tool_result",
            "conversation.id": "c1",
            "tool_name": "shell",
            "arguments": '{"order_id": "A-1"}',
            "output": "README.md",
            "success": "true",
        },
        tool("shell", session_id="c1", agent="codex"),
        ORDER,
        "README.md",
    ),
    example("plain work", "GET", {"http.method": "GET", "user.id": "u1"}, Meaning(user_id="u1")),
]
