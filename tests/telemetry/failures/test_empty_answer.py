"""Answers that hold nothing, in the forms of clients, and what only looks like one."""

from __future__ import annotations

import json
import timeit
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.failures.blank_answers import LONGEST_BLANK, holds_nothing
from telemetry.failures.empty_answer import MESSAGE, answered_nothing
from telemetry.spans.meaning import Failure
from tests.telemetry.span_builders import OK, make_span

ASKED = json.dumps([{"role": "user", "parts": [{"type": "text", "content": "where is order 7?"}]}])
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.input.messages": ASKED}
NUMBERED = {
    "openinference.span.kind": "LLM", "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "where is order 7?", "llm.output_messages.0.message.role": "assistant",
}  # fmt: skip


def judge(attributes: dict[str, Any], **facts: Any) -> Failure | None:
    span = make_span(attributes=attributes, status_code=OK, **facts)
    return failure(span, conventions.read_meaning(span))


def answered(answer: Any, reason: str = "stop", **more: Any) -> dict[str, Any]:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return {**CHAT, "gen_ai.output.messages": text, "gen_ai.response.finish_reasons": [reason], **more}


def message(**parts: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", **parts}]


EMPTY = {
    "no parts": answered(message(parts=[], finish_reason="stop")),
    "a blank part": answered(message(parts=[{"type": "text", "content": " \n"}])),
    "no messages": answered("[]", "end_turn"),
    "no text": answered("", "STOP"),
    "no reason, but tokens": answered(message(content=""), "", **{"gen_ai.usage.output_tokens": 1}),
    "OpenAI's": answered(
        {"choices": [{"index": 0, "message": {"content": None, "refusal": None, "tool_calls": None}}]}
    ),
    "Gemini's": answered(
        {"candidates": [{"content": {"parts": [], "role": "model"}, "finishReason": "OTHER"}]}, "OTHER"
    ),
    "a part of a client that has the input elsewhere": {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.output.messages": '[{"role":"assistant","parts":[{"type":"text","content":""}]}]',
    },
    "Bedrock's": answered({"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn"}),
    "Haystack's": answered(
        {"replies": [{"role": "assistant", "meta": {"model": "m"}, "name": None, "content": [{"text": ""}]}]}
    ),
    "LangChain's": answered(
        {"generations": [[{"text": "", "type": "ChatGeneration", "message": {"lc": 1, "type": "constructor", "kwargs": {
            "content": "", "additional_kwargs": {"refusal": None}, "response_metadata": {"model_name": "m"}}}}]]}
    ),
    "OpenInference's": NUMBERED | {"llm.finish_reason": "stop"},
    "the AI SDK's": {
        "ai.operationId": "ai.generateText.doGenerate", "ai.prompt.messages": ASKED, "ai.response.text": "",
        "ai.response.finishReason": "stop",
    },
}  # fmt: skip
FINE = {
    "a text": answered(message(parts=[{"type": "text", "content": "It is on its way."}])),
    "a call": answered(message(parts=[{"type": "tool_call", "name": "find", "arguments": {}}])),
    "a call without arguments": answered({"choices": [{"message": {"content": None, "tool_calls": [{"id": "1"}]}}]}),
    "reasoning alone": answered(message(content="", reasoning_content="I look at the order.")),
    "a thought alone": answered(message(parts=[{"type": "reasoning", "content": "I look."}])),
    "an image": answered(message(parts=[{"type": "blob", "modality": "image", "content": ""}])),
    "a sound": answered({"choices": [{"message": {"content": None, "audio": {"id": "a1"}}}]}),
    "a structured answer": answered('{"items": []}'),
    "a structured text": answered(message(content="{}")),
    "a number": answered(message(content=0)),
    "reasoning that is not recorded": answered(message(content=""), **{"gen_ai.usage.output_tokens": 900}),
    "contents are off": {**CHAT, "gen_ai.response.finish_reasons": ["stop"]},
    "contents are off on both sides": {
        "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.prompt.0.role": "user",
        "gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.finish_reason": "stop",
    },
    "contents are redacted": answered("__REDACTED__"),
    "a call of a tool, by its reason": answered(message(content=""), "tool_calls"),
    "a paused turn": answered([], "pause_turn"),
    "an embedding": answered([], **{"gen_ai.operation.name": "embeddings"}),
    "a moderation": answered([], **{"gen_ai.request.model": "omni-moderation-latest"}),
    "an image's model": answered([], **{"gen_ai.output.type": "image"}),
    "a stream that was left": answered(message(content=""), "", **{"gen_ai.request.stream": True}),
}  # fmt: skip


@pytest.mark.parametrize("attributes", EMPTY.values(), ids=list(EMPTY))
def test_an_answer_that_holds_nothing_is_a_failure(attributes: dict[str, Any]) -> None:
    assert judge(attributes) == Failure("empty_answer", "medium", "", MESSAGE)


@pytest.mark.parametrize("attributes", FINE.values(), ids=list(FINE))
def test_what_only_looks_empty_is_quiet(attributes: dict[str, Any]) -> None:
    assert judge(attributes) is None


def test_a_refusal_in_place_of_the_answer_is_one() -> None:
    refusal = {"choices": [{"message": {"content": None, "refusal": "I cannot help with that."}}]}

    judged = judge(answered(refusal))

    assert judged is not None
    assert judged.signal_type == "answer_refused"


def test_a_cut_answer_that_is_empty_is_a_cut_one() -> None:
    judged = judge(answered(message(content=""), "length"))

    assert judged is not None
    assert judged.signal_type == "output_truncated"


def test_a_huge_answer_is_not_searched() -> None:
    assert not holds_nothing("[" * (LONGEST_BLANK + 1))
    assert not holds_nothing(json.dumps([[]] * 2_000))


def test_a_healthy_call_costs_next_to_nothing() -> None:
    attributes = FINE["a text"] | {"gen_ai.usage.output_tokens": 210}
    span = make_span(attributes=attributes)
    meaning = conventions.read_meaning(span)

    assert (
        min(timeit.repeat(lambda: answered_nothing(span, meaning), number=1_000, repeat=5)) < 0.002
    )  # s: 2 us each
