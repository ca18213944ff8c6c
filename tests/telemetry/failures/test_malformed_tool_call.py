"""Answers of models that ask for what cannot be done, as instrumentations write them, and answers that are fine."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from tests.telemetry.span_builders import make_span

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "m",
    "gen_ai.response.finish_reasons": ["tool_calls"],
}
TOOLS = json.dumps([{"type": "function", "name": "find_cart"}, {"type": "function", "name": "pay"}])


def judge(attributes: dict[str, Any]) -> Failure | None:
    span = make_span(attributes=attributes)
    return failure(span, conventions.read_meaning(span))


def genai(name: str, arguments: Any, tools: str = TOOLS) -> dict[str, Any]:
    """An answer by OpenTelemetry's conventions."""
    parts = [{"type": "tool_call", "id": "1", "name": name, "arguments": arguments}]
    answer = json.dumps([{"role": "assistant", "parts": parts}])
    return {**CHAT, "gen_ai.output.messages": answer, "gen_ai.tool.definitions": tools}


def openinference(name: str, arguments: str) -> dict[str, Any]:
    """The same by OpenInference's."""
    call = "llm.output_messages.0.message.tool_calls.0.tool_call.function"
    return {
        "openinference.span.kind": "LLM", "llm.finish_reason": "tool_calls", f"{call}.name": name,
        f"{call}.arguments": arguments, "llm.tools.0.tool.json_schema": TOOLS,
    }  # fmt: skip


def traceloop(name: str, arguments: str) -> dict[str, Any]:
    """The same in Traceloop's numbered attributes."""
    call = "gen_ai.completion.0.tool_calls.0"
    return {
        **CHAT, f"{call}.name": name, f"{call}.arguments": arguments,
        "llm.request.functions.0.name": "find_cart", "llm.request.functions.1.name": "pay",
    }  # fmt: skip


@pytest.mark.parametrize("answer", [genai, openinference, traceloop])
def test_a_tool_that_was_not_offered_is_named(answer: Any) -> None:
    judged = judge(answer("fly", "{}"))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("malformed_output", "unknown_tool")
    assert "fly" in judged.message


@pytest.mark.parametrize("answer", [genai, openinference, traceloop])
def test_arguments_that_cannot_be_read_are_found(answer: Any) -> None:
    judged = judge(answer("pay", '{"cart": 7'))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("malformed_output", "malformed_arguments")


@pytest.mark.parametrize("answer", [genai, openinference, traceloop])
@pytest.mark.parametrize("arguments", ['{"cart": 7}', "", "{}"])
def test_a_call_that_can_be_made_is_fine(answer: Any, arguments: str) -> None:
    assert judge(answer("pay", arguments)) is None


@pytest.mark.parametrize(
    "attributes",
    [
        genai("pay", {"cart": 7}),
        genai("anything", "{}", tools=""),
        genai("anything", "{}", tools=TOOLS[:-10]),
        {
            **CHAT,
            "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "{"}]}]',
        },
        {**CHAT, "gen_ai.output.messages": "no JSON"},
        {**genai("fly", "{"), "gen_ai.response.finish_reasons": ["stop"]},
    ],
)
def test_what_is_no_call_or_not_known_to_be_wrong_is_fine(attributes: dict[str, Any]) -> None:
    assert judge(attributes) is None


@pytest.mark.parametrize(
    "answer", ["[" * 50_000, '[{"type":"tool_call"}' + ',{"type":"tool_call"}' * 4000 + "]"]
)
def test_a_hostile_answer_takes_no_time(answer: str) -> None:
    started = time.process_time()

    judge({**CHAT, "gen_ai.output.messages": answer})

    assert time.process_time() - started < 1  # a square would take minutes
