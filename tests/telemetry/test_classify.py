"""Which spans hurt, why, and which look alike but do not."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry import conventions
from telemetry.classify import failure
from telemetry.spans.meaning import Failure
from telemetry.spans.span import Span, SpanEvent
from tests.telemetry.span_builders import CLIENTS, ERROR, OK, SERVER, captured, exception, labels, make_span

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}


def judge(span: Span) -> Failure | None:
    return failure(span, conventions.read_meaning(span))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_good_turn_has_no_failure_but_an_unhappy_user(client: str) -> None:
    good = {
        trace_id
        for trace_id, row in labels(client).items()
        if "not an error" in (row["kind"] or "not an error") and not row["error_spans"]
    }

    found = {
        judged.signal_type
        for span in captured(client)
        if span.trace_id.hex() in good and (judged := judge(span))
    }

    assert found <= {"user_signal"}


@pytest.mark.parametrize("client", CLIENTS)
def test_every_trace_with_an_error_has_a_failure(client: str) -> None:
    broken = {
        trace_id for trace_id, row in labels(client).items() if row["error_spans"] or row["exception_events"]
    }

    failed = {span.trace_id.hex() for span in captured(client) if judge(span)}

    assert broken <= failed


@pytest.mark.parametrize(
    ("attributes", "signal_type"),
    [
        ({}, "error"),
        (TOOL, "tool_call_failed"),
        (CHAT, "llm_call_failed"),
        ({"mcp.method.name": "tools/list"}, "error"),
    ],
)
def test_the_unit_decides_the_signal(attributes: dict[str, Any], signal_type: str) -> None:
    judged = judge(make_span(attributes=attributes, status_code=ERROR))

    assert judged is not None
    assert (judged.signal_type, judged.severity) == (signal_type, "medium")


@pytest.mark.parametrize(
    "told",
    [
        {"events": [exception("overloaded, retried", "RateLimitError")]},
        {"status_code": OK, "attributes": CHAT | {"error.type": "RateLimitError"}},
        {"attributes": CHAT | {"gen_ai.output.messages": "Error: that is what your log says."}},
    ],
    ids=["a retry that was recorded", "an error type beside status OK", "an answer about an error"],
)
def test_a_model_call_that_only_looks_failed_is_quiet(told: dict[str, Any]) -> None:
    assert judge(make_span(**{"attributes": CHAT, **told})) is None


@pytest.mark.parametrize("status_code", [0, OK])
@pytest.mark.parametrize("scope", ["pydantic-ai", "app", "@opentelemetry/instrumentation-http"])
def test_a_recorded_exception_without_error_status_was_handled(scope: str, status_code: int) -> None:
    assert (
        judge(make_span("work", scope, TOOL, status_code=status_code, events=[exception("retry", "Retry")]))
        is None
    )


@pytest.mark.parametrize(
    ("scope", "attributes", "status_code"),
    [
        ("langsmith", {"langsmith.span.kind": "llm"}, OK),
        ("@opentelemetry/instrumentation-router", {"router.type": "request_handler"}, 0),
    ],
)
def test_clients_that_record_failures_only_as_events(
    scope: str, attributes: dict[str, Any], status_code: int
) -> None:
    span = make_span(
        "work", scope, attributes, status_code=status_code, events=[exception("late", "Timeout")]
    )

    assert judge(span) is not None


def test_middleware_that_hands_an_exception_on_is_not_a_second_failure() -> None:
    scope, attributes = "@opentelemetry/instrumentation-router", {"router.type": "middleware"}

    assert (
        judge(make_span("middleware - patched", scope, attributes, events=[exception("x", "TypeError")]))
        is None
    )


@pytest.mark.parametrize(
    ("parent", "kind", "status", "severity"),
    [
        (b"", SERVER, 503, "high"),
        (b"p" * 8, SERVER, 500, "medium"),
        (b"", SERVER, 404, None),
        (b"", 3, 500, None),
    ],
)
def test_a_5xx_of_a_server_fails_without_error_status(
    parent: bytes, kind: int, status: int, severity: str | None
) -> None:
    attributes = {"http.response.status_code": status}

    judged = judge(make_span(attributes=attributes, kind=kind, parent_span_id=parent))

    assert (judged and judged.severity) == severity


@pytest.mark.parametrize(
    ("result", "error_type"),
    [
        ('{"error": "carrier_unavailable", "detail": "503"}', "carrier_unavailable"),
        ("{'error': 'no such order'}", ""),
        (
            '{"content": "{\\"error\\": {\\"code\\": \\"E_LIMIT\\"}}", "type": "tool", "tool_call_id": "1"}',
            "E_LIMIT",
        ),
        ('{"isError": true, "content": [{"type": "text", "text": "no"}]}', ""),
        ('{"isError": true}', ""),
        ('{"tool_name": "refund", "raw_output": "no", "is_error": true}', ""),
    ],
)
def test_a_tool_that_returns_its_error_has_failed(result: str, error_type: str) -> None:
    judged = judge(make_span(attributes={**TOOL, "gen_ai.tool.call.result": result}))

    assert judged is not None
    assert (judged.signal_type, judged.error_type) == ("tool_call_failed", error_type)


@pytest.mark.parametrize(
    "result", ['{"error": null}', '{"error": ""}', '{"errors": 3}', '"error"', "error", "{", "[1]"]
)
def test_a_tool_result_that_only_looks_like_an_error_is_fine(result: str) -> None:
    assert judge(make_span(attributes={**TOOL, "gen_ai.tool.call.result": result})) is None


@pytest.mark.parametrize(
    "result",
    [
        "Error: order 78840 was not found",
        '{"type": "tool", "tool_call_id": "1", "content": "Error: order 78840 was not found"}',
        '[{"type": "text", "text": "Error: order 78840 was not found"}]',
    ],
)
def test_a_tool_that_tells_its_error_in_plain_text_has_failed(result: str) -> None:
    judged = judge(make_span(attributes={**TOOL, "gen_ai.tool.call.result": result}))

    assert judged == Failure("tool_call_failed", "medium", "tool_error", "Error: order 78840 was not found")


def test_a_tool_whose_status_is_error_has_failed_with_the_text_it_gave_the_model() -> None:
    told = SpanEvent(
        "gen_ai.choice", 1, {"message": '[{"text": "Error: OrderNotFound - order 78840"}]', "id": "t1"}
    )
    attributes = {**TOOL, "gen_ai.tool.status": "error"}

    judged = judge(make_span(attributes=attributes, status_code=OK, events=[told]))

    assert judged == Failure("tool_call_failed", "medium", "tool_error", "Error: OrderNotFound - order 78840")


@pytest.mark.parametrize("error_type", ["langgraph.errors.GraphInterrupt", "GeneratorExit"])
def test_an_exception_that_only_steers_is_no_failure(error_type: str) -> None:
    assert judge(make_span(status_code=ERROR, events=[exception("approve?", error_type)])) is None


@pytest.mark.parametrize(
    "reason",
    [
        "MALFORMED_FUNCTION_CALL",
        "FinishReason.MALFORMED_FUNCTION_CALL",
        "malformed-function-call",
        "UNEXPECTED_TOOL_CALL",
    ],
)
def test_a_call_that_the_provider_refused_is_a_malformed_answer(reason: str) -> None:
    judged = judge(make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": [reason]}))

    assert judged is not None
    assert judged.signal_type == "malformed_output"


def test_a_model_that_stopped_with_an_error_has_failed() -> None:
    judged = judge(
        make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": ["error"]}, status_code=OK)
    )

    assert judged is not None
    assert (judged.signal_type, judged.severity) == ("llm_call_failed", "medium")


@pytest.mark.parametrize("reason", ["content_filter", "content-filter", "SAFETY", "refusal", "RECITATION"])
def test_an_answer_that_was_refused_is_a_soft_failure_of_its_own(reason: str) -> None:
    judged = judge(make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": [reason]}, status_code=OK))

    assert judged is not None
    assert (judged.signal_type, judged.severity) == ("answer_refused", "low")


@pytest.mark.parametrize(
    "reason",
    ["length", "max_tokens", "MAX_TOKENS", "FinishReason.MAX_TOKENS", "model_context_window_exceeded"],
)
def test_a_cut_answer_is_a_soft_failure(reason: str) -> None:
    judged = judge(make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": [reason]}))

    assert judged is not None
    assert (judged.signal_type, judged.severity) == ("output_truncated", "low")


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "tool-calls", "", "end_turn", "OTHER"])
def test_a_finished_answer_is_fine(reason: str) -> None:
    assert judge(make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": [reason]})) is None
