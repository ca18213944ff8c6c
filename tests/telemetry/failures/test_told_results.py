"""Failures of tools that only the messages of the next model call hold, in the forms of clients, and what is none."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.failures.unknown_tool import unknown_tool
from telemetry.spans.meaning import Failure
from telemetry.spans.span import SpanEvent
from tests.telemetry.span_builders import make_span

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
TOLD = "Error: order 7 was not found"
ASKED = {"role": "user", "content": "where is order 7?"}
FOUND = Failure("tool_call_failed", "medium", "tool_error", TOLD)


def judge(attributes: dict[str, Any]) -> Failure | None:
    span = make_span(attributes=attributes)
    return failure(span, conventions.read_meaning(span))


def openai(told: Any) -> dict[str, Any]:
    """OpenAI's messages, with the call before the result."""
    call = {"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}
    messages = [
        ASKED,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": told},
    ]
    return {**CHAT, "gen_ai.input.messages": json.dumps(messages)}


def semantic(told: Any) -> dict[str, Any]:
    """OpenTelemetry's parts, without the call, as OpenLIT writes them."""
    part = {"type": "tool_call_response", "id": "c1", "response": told}
    return {**CHAT, "gen_ai.input.messages": json.dumps([ASKED, {"role": "tool", "parts": [part]}])}


def anthropic(told: Any) -> dict[str, Any]:
    """Anthropic's results, which are in the user's turn."""
    part = {"type": "tool_result", "tool_use_id": "c1", "content": told}
    return {**CHAT, "gen_ai.prompt": json.dumps({"messages": [ASKED, {"role": "user", "content": [part]}]})}


def responses(told: Any) -> dict[str, Any]:
    """Items of OpenAI's Responses."""
    item = {"type": "function_call_output", "call_id": "c1", "output": told}
    return {**CHAT, "gen_ai.input.messages": json.dumps([ASKED, item])}


def openinference(told: Any) -> dict[str, Any]:
    """OpenInference's numbered messages."""
    first, last = "llm.input_messages.0.message.", "llm.input_messages.1.message."
    return {
        "openinference.span.kind": "LLM", f"{first}role": "user", f"{first}content": "?", f"{last}role": "tool",
        f"{last}content": told, f"{last}tool_call_id": "c1",
    }  # fmt: skip


def traceloop(told: Any) -> dict[str, Any]:
    """Traceloop's numbered messages."""
    first, last = "gen_ai.prompt.0.", "gen_ai.prompt.1."
    return {
        **CHAT, "llm.request.type": "chat", f"{first}role": "user", f"{first}content": "?", f"{last}role": "tool",
        f"{last}content": told, f"{last}tool_call_id": "c1",
    }  # fmt: skip


def vercel(told: Any) -> dict[str, Any]:
    """The AI SDK's results."""
    part = {
        "type": "tool-result",
        "toolCallId": "c1",
        "toolName": "lookup",
        "output": {"type": "text", "value": told},
    }
    messages = [{"role": "user", "content": []}, {"role": "tool", "content": [part]}]
    return {"ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": json.dumps(messages)}


FORMS = [openai, semantic, anthropic, responses, openinference, traceloop, vercel]


@pytest.mark.parametrize("form", FORMS)
def test_a_failure_that_the_model_is_told_of_is_the_tools(form: Any) -> None:
    assert judge(form(TOLD)) == FOUND


@pytest.mark.parametrize("form", FORMS)
def test_json_that_reports_a_failure_is_one(form: Any) -> None:
    judged = judge(form('{"error": "carrier_down", "detail": "the carrier is not available"}'))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("tool_call_failed", "carrier_down")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "told", ["3 articles on errors and failures", '{"error": null, "status": "sent"}', "", "[]"]
)
def test_a_result_is_no_failure(form: Any, told: str) -> None:
    assert judge(form(told)) is None


def test_a_class_in_the_text_is_the_failures_as_on_a_span_of_the_tool() -> None:
    judged = judge(openai("Error: OrderNotFound('order 7 is lost')\n Please fix your mistakes."))

    assert judged == Failure("tool_call_failed", "medium", "OrderNotFound", "order 7 is lost")


def test_a_tool_that_nobody_has_is_named_by_the_look_up_that_failed() -> None:
    assert judge(openai("Error: 'lookup'")) == unknown_tool("lookup")
    assert judge(openai("Error: lookup is not a valid tool, try one of [pay].")) == unknown_tool("lookup")
    assert judge(openai('Error: Requested function "lookup" not found.')) == unknown_tool("lookup")
    assert judge(openai("Error: 'order'")) != unknown_tool("lookup")
    assert judge(openai("Error: Tool hammer not found in the catalogue")) != unknown_tool("hammer")


def test_a_result_that_is_marked_as_an_error_is_one() -> None:
    attributes = anthropic("the shop is closed, sorry for this error")
    marked = attributes["gen_ai.prompt"].replace(
        '"type": "tool_result"', '"type": "tool_result", "is_error": true'
    )

    assert judge(attributes) is None
    assert judge({**attributes, "gen_ai.prompt": marked}) is not None


def test_one_of_several_results_at_the_end_is_enough() -> None:
    parts = [
        {"role": "tool", "tool_call_id": name, "content": told} for name, told in (("a", TOLD), ("b", "fine"))
    ]

    assert judge({**CHAT, "gen_ai.input.messages": json.dumps([ASKED, *parts])}) == FOUND


def test_what_the_model_answered_already_is_not_told_again() -> None:
    messages = [
        ASKED, {"role": "tool", "tool_call_id": "a", "content": TOLD}, {"role": "assistant", "content": "It is lost."},
        {"role": "user", "content": "Why this error?"},
    ]  # fmt: skip

    assert judge({**CHAT, "gen_ai.input.messages": json.dumps(messages)}) is None


def test_the_failure_of_the_call_itself_goes_first() -> None:
    judged = judge({**openai(TOLD), "gen_ai.response.finish_reasons": ["length"]})

    assert judged is not None
    assert judged.signal_type == "output_truncated"


@pytest.mark.parametrize(
    "given", ['{"role": "tool"' * 50_000, '[{"role":"tool","content":"error' + "[" * 500_000, None, 7, [7]]
)
def test_odd_inputs_take_no_time_and_are_no_failure(given: Any) -> None:
    started = time.process_time()

    assert judge({**CHAT, "gen_ai.input.messages": given}) is None
    assert time.process_time() - started < 1


def azure(told: str, call_id: str = "c1") -> list[SpanEvent]:
    """Events with messages in one attribute, as Azure's SDKs write them, and the call's own answer behind them."""
    asked = {
        "role": "assistant",
        "tool_calls": [{"id": "c1", "function": {"name": "lookup", "arguments": "{}"}}],
    }
    turns = {
        "user": ASKED,
        "assistant": asked,
        "tool": {"role": "tool", "tool_call_id": call_id, "content": told},
    }
    events = [
        SpanEvent(f"gen_ai.{role}.message", 1, {"gen_ai.event.content": json.dumps(turn)})
        for role, turn in turns.items()
    ]
    choice = {"finish_reason": "stop", "message": {"content": "One moment."}}
    return [*events, SpanEvent("gen_ai.choice", 2, {"gen_ai.event.content": json.dumps(choice)})]


def openai_events(told: str) -> list[SpanEvent]:
    """Events with the parts of a message as attributes, as log records of OpenAI's instrumentation become."""
    return [
        SpanEvent("gen_ai.user.message", 1, {"content": "where is order 7?"}),
        SpanEvent("gen_ai.tool.message", 1, {"id": "c1", "content": told}),
    ]


def judge_events(events: list[SpanEvent]) -> Failure | None:
    span = make_span(attributes=CHAT, events=events)
    return failure(span, conventions.read_meaning(span))


@pytest.mark.parametrize("form", [azure, openai_events])
def test_a_failure_that_a_model_is_told_in_events_is_found(form: Callable[[str], list[SpanEvent]]) -> None:
    assert judge_events(form(TOLD)) == FOUND
    assert judge_events(form("order 7 has left the warehouse")) is None
    answered = [*form(TOLD), SpanEvent("gen_ai.assistant.message", 1, {"content": "It is gone."})]
    assert judge_events(answered) is None


def test_a_call_in_events_names_the_tool_of_its_result() -> None:
    assert judge_events(azure("Error: lookup is not a valid tool, try pay.")) == unknown_tool("lookup")
    assert judge_events(azure("Error: lookup is not a valid tool, try pay.", call_id="c2")) != unknown_tool(
        "lookup"
    )
