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
        {
            **CHAT,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.output.messages": json.dumps(
                {"name": "fly", "arguments": "to the moon", "tool_calls": []}
            ),
        },
    ],
)
def test_what_is_no_call_or_not_known_to_be_wrong_is_fine(attributes: dict[str, Any]) -> None:
    assert judge(attributes) is None


@pytest.mark.parametrize("reason", [["stop"], ["STOP"], [], None])
@pytest.mark.parametrize("answer", [genai, openinference, traceloop])
def test_the_call_decides_whatever_the_finish_reason(answer: Any, reason: list[str] | None) -> None:
    attributes = answer("fly", "{}") | {"gen_ai.response.finish_reasons": reason, "llm.finish_reason": "stop"}

    judged = judge({name: value for name, value in attributes.items() if value is not None})

    assert judged is not None
    assert judged.error_type == "unknown_tool"


HAYSTACK = {"haystack.component.type": "OpenAIChatGenerator"}
LANGFUSE = {"langfuse.observation.type": "generation"}
TOOL_OF_HAYSTACK = {"type": "haystack.tools.tool.Tool", "data": {"name": "pay"}}


def haystack(name: str, arguments: Any) -> dict[str, Any]:
    """Haystack, whose input has the tools."""
    call = {"tool_call": {"tool_name": name, "arguments": arguments, "id": "1"}}
    answer = {"replies": [{"role": "assistant", "content": [call]}]}
    given = {"messages": [], "tools": [TOOL_OF_HAYSTACK]}
    return {
        **HAYSTACK, "haystack.component.input": json.dumps(given), "haystack.component.output": json.dumps(answer),
    }  # fmt: skip


def langfuse(name: str, arguments: Any) -> dict[str, Any]:
    """Langfuse around OpenAI, whose input has the tools."""
    call = {
        "id": "1",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)[:-1] + "}"},
    }
    given = {"messages": [], "tools": [{"type": "function", "function": {"name": "pay"}}]}
    return {
        **LANGFUSE, "langfuse.observation.input": json.dumps(given),
        "langfuse.observation.output": json.dumps({"role": "assistant", "tool_calls": [call]}),
    }  # fmt: skip


def litellm(name: str, arguments: Any) -> dict[str, Any]:
    """LiteLLM's older form of a call."""
    call = "gen_ai.completion.0.function_call"
    return {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", f"{call}.name": name,
        f"{call}.arguments": json.dumps(arguments), "llm.request.functions.0.name": "pay",
    }  # fmt: skip


def gemini(name: str, arguments: Any) -> dict[str, Any]:
    """A call as Gemini writes it."""
    answer = json.dumps({"content": {"parts": [{"function_call": {"name": name, "args": arguments}}]}})
    return {
        **CHAT,
        "gen_ai.output.messages": answer,
        "gen_ai.tool.definitions": TOOLS,
        "gen_ai.response.finish_reasons": ["STOP"],
    }


SHAPES = [haystack, langfuse, litellm, gemini]


@pytest.mark.parametrize("answer", SHAPES)
def test_calls_are_found_in_every_form(answer: Any) -> None:
    judged = judge(answer("fly", {"cart": 7}))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("malformed_output", "unknown_tool")


@pytest.mark.parametrize("answer", SHAPES)
def test_calls_of_every_form_that_can_be_made_are_fine(answer: Any) -> None:
    assert judge(answer("pay", {"cart": 7})) is None


@pytest.mark.parametrize("key", ["raw", "raw_arguments"])
def test_arguments_that_a_client_kept_as_it_could_not_parse_them_are_found(key: str) -> None:
    judged = judge(genai("pay", {key: '{"cart": 7'}))

    assert judged is not None
    assert judged.error_type == "malformed_arguments"
    assert judge(genai("pay", {key: '{"cart": 7}'})) is None
    assert judge(genai("pay", {key: "fresh fish", "unit": "kg"})) is None


@pytest.mark.parametrize(
    "answer", ["[" * 50_000, '[{"type":"tool_call"}' + ',{"type":"tool_call"}' * 4000 + "]"]
)
def test_a_hostile_answer_takes_no_time(answer: str) -> None:
    started = time.process_time()

    judge({**CHAT, "gen_ai.output.messages": answer})

    assert time.process_time() - started < 1  # a square would take minutes


def haystack(content: list[Any], finish_reason: str = "tool_calls") -> dict[str, Any]:
    """An answer by Haystack."""
    meta = {"model": "m", "finish_reason": finish_reason}
    reply = {"role": "assistant", "meta": meta, "content": content}
    return {
        "haystack.component.type": "OpenAIChatGenerator",
        "haystack.component.output": json.dumps({"replies": [reply]}),
    }


def test_a_call_that_the_client_left_out_of_the_answer_is_one_that_it_could_not_read() -> None:
    judged = judge(haystack([]))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("malformed_output", "malformed_arguments")


@pytest.mark.parametrize(
    "attributes",
    [
        haystack([{"tool_call": {"tool_name": "pay", "arguments": {}}}]),
        haystack([{"text": "hello"}], "stop"),
        {"haystack.component.type": "OpenAIChatGenerator"},
        {**CHAT, "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": []}])},
    ],
)
def test_answers_with_their_calls_and_clients_that_keep_calls_elsewhere_are_fine(
    attributes: dict[str, Any],
) -> None:
    assert judge(attributes) is None


@pytest.mark.parametrize("name", ["mlflow.chat.tools", "model_request_parameters", "gen_ai.tool.definitions"])
def test_the_tools_that_a_model_was_offered_are_known_by_every_clients_name(name: str) -> None:
    parts = [{"type": "tool_call", "id": "1", "name": "fly", "arguments": "{}"}]
    asked = {**CHAT, "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}])}

    unknown = judge({**asked, name: json.dumps({"function_tools": [{"name": "pay"}]})})

    assert unknown is not None
    assert unknown.error_type == "unknown_tool"
    assert judge({**asked, name: json.dumps({"function_tools": [{"name": "fly"}]})}) is None
