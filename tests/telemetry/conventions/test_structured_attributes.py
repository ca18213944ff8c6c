"""Attributes with lists and objects as values are read like the JSON texts that most clients write in their place."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.conventions.content import parsed
from telemetry.spans.meaning import Failure
from telemetry.spans.span import DETAILS, Span, SpanEvent
from tests.telemetry.conventions.test_client_spans import EXAMPLES
from tests.telemetry.span_builders import make_span, with_attributes
from tests.telemetry.span_examples.clients import Example

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
CUT = [{"role": "assistant", "parts": [{"type": "text", "content": "half"}], "finish_reason": "length"}]
CALLED = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "fly", "arguments": {}}]}]
OFFERED = [{"type": "function", "name": "find"}, {"type": "function", "name": "pay"}]


def structured(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes with what their texts of JSON stand for."""
    return {name: parsed(value) for name, value in attributes.items()}


def judge(attributes: dict[str, Any], events: list[SpanEvent] | None = None) -> Failure | None:
    span = make_span(attributes=attributes, events=events or [])
    return failure(span, conventions.read_meaning(span))


def with_structures(span: Span) -> Span:
    """The span, and its events, with structured attributes."""
    events = [event.__class__(event.name, 1, structured(event.attributes)) for event in span.events]
    return replace(with_attributes(span, structured(span.attributes)), events=events)


@pytest.mark.parametrize(
    "one",
    [one for one in EXAMPLES if not one.client.startswith(("Vercel AI SDK 4", "Pydantic AI"))],
    ids=lambda one: one.client,
)
def test_a_client_that_writes_structures_says_the_same(one: Example) -> None:
    span = with_structures(one.span)

    assert conventions.read_meaning(span) == one.meaning
    captured = conventions.capture_of(span)
    assert captured is None or (captured.input, captured.output) == (one.input, one.output)
    assert failure(span, conventions.read_meaning(span)) == failure(one.span, one.meaning)


@pytest.mark.parametrize("answer", [CUT, json.dumps(CUT)], ids=["structured", "text"])
def test_a_cut_answer_is_found_by_its_message_alone(answer: Any) -> None:
    of_span = judge({**CHAT, "gen_ai.output.messages": answer})
    of_event = judge(CHAT, [SpanEvent(DETAILS, 1, {"gen_ai.output.messages": answer})])

    assert of_span is not None
    assert of_event == of_span
    assert of_span.signal_type == "output_truncated"


def test_the_repr_of_a_response_inside_an_answer_has_its_reason() -> None:
    raw = json.dumps(
        {"content": "half", "raw": "Completion(choices=[Choice(finish_reason='length', index=0)])"}
    )

    judged = judge({"openinference.span.kind": "LLM", "output.value": raw})

    assert judged is not None
    assert judged.signal_type == "output_truncated"


@pytest.mark.parametrize("finish", [None, "stop", "tool_calls"])
def test_an_answer_that_is_whole_is_none(finish: Any) -> None:
    answer = [{"role": "assistant", "parts": [], "note": "finish_reason=length", "finish_reason": finish}]

    assert judge({**CHAT, "gen_ai.output.messages": answer}) is None


@pytest.mark.parametrize(
    "offered",
    [
        OFFERED,
        {"tools": OFFERED},
        json.dumps(OFFERED),
        [json.dumps(tool) for tool in OFFERED],
        ["find", "pay"],
    ],
)
def test_a_tool_that_structured_definitions_do_not_have_is_unknown(offered: Any) -> None:
    asked = {**CHAT, "gen_ai.output.messages": CALLED}

    judged = judge({**asked, "gen_ai.tool.definitions": offered})

    assert judged is not None
    assert judged.error_type == "unknown_tool"
    fly = "fly" if offered == ["find", "pay"] else {"type": "function", "name": "fly"}
    if isinstance(offered, list):
        also = [*offered, json.dumps(fly) if isinstance(offered[0], str) and isinstance(fly, dict) else fly]
        assert judge({**asked, "gen_ai.tool.definitions": also}) is None


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("acme.metadata.sessionId", "c1", ("c1", "")),
        ("acme.sdk.metadata.conversation_id", 7, ("7", "")),
        ("metadata.user_id", "u1", ("", "u1")),
        ("acme.metadata", '{"thread_id": "c1", "userId": "u1"}', ("c1", "u1")),
        ("acme.metadata", {"session_id": "c1"}, ("c1", "")),
        ("acme.metadata.sessionId", "[Scrubbed due to 'session']", ("", "")),
        ("acme.metadata.resumed_session_id", "c1", ("", "")),
        ("acme.metadatas.session_id", "c1", ("", "")),
        ("acme.metadata", "session_id", ("", "")),
        (f"{'a' * 200}.metadata.session_id", "c1", ("", "")),
    ],
)
def test_session_and_user_are_found_in_any_clients_metadata(
    name: str, value: Any, found: tuple[str, str]
) -> None:
    span = make_span(attributes={"gen_ai.operation.name": "invoke_agent", name: value}, parent_span_id=b"")

    meaning = conventions.read_meaning(span)

    assert (meaning.session_id, meaning.user_id) == found


def test_what_the_span_names_itself_goes_before_metadata() -> None:
    attributes = {
        **CHAT,
        "session.id": "own",
        "acme.metadata.sessionId": "other",
        "acme.metadata.userId": "u1",
    }
    span = make_span(attributes=attributes, parent_span_id=b"")

    meaning = conventions.read_meaning(span)

    assert (meaning.session_id, meaning.user_id) == ("own", "u1")


@pytest.mark.parametrize(
    ("operation", "found"),
    [("invoke_agent", "c1"), ("chat", ""), ("execute_tool", ""), ("speaker_selection", "")],
)
def test_inside_a_trace_the_metadata_of_runs_is_read(operation: str, found: str) -> None:
    attributes = {"gen_ai.operation.name": operation, "acme.metadata.session_id": "c1"}

    assert conventions.read_meaning(make_span(attributes=attributes)).session_id == found
