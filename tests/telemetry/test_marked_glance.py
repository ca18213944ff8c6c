"""The glance that lets most spans skip the rules of marked failures agrees with these rules, on spans of any making."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import conventions
from telemetry.signals.marked import OF_ANY_WORK, OF_MODEL_CALLS, OF_TOOL_CALLS, may_be_marked
from telemetry.spans.joining_log import BODY, SEVERITY
from telemetry.spans.span import Span, SpanEvent
from tests.telemetry.span_builders import CLIENTS, captured, exception, make_span

RULES = (*OF_ANY_WORK, *OF_TOOL_CALLS, *OF_MODEL_CALLS)
ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "error.type": st.sampled_from(["TimeoutError", "", "503", 0]),
    "error": st.sampled_from([True, False, "boom"]),
    "exception.type": st.just("ValueError"),
    "http.response.status_code": st.sampled_from([200, 404, 500, 503]),
    "http.status_code": st.sampled_from([200, 500]),
    "gen_ai.operation.name": st.sampled_from(["chat", "execute_tool", "invoke_agent"]),
    "gen_ai.tool.name": st.just("refund"),
    "openinference.span.kind": st.sampled_from(["LLM", "TOOL", "CHAIN"]),
    "langfuse.observation.level": st.sampled_from(["ERROR", "DEFAULT"]),
    "langfuse.observation.status_message": st.just("boom"),
    "span.type": st.sampled_from(["interaction", "tool", "llm_request"]),
    "success": st.sampled_from([True, False, "false"]),
    "router.type": st.just("request_handler"),
    "loopkit.log_event": st.sampled_from(["claude_code.api_error", "codex.tool_result", "gemini_cli.tool_call"]),
    "traceloop.span.kind": st.sampled_from(["tool", "workflow"]),
    "ai.operationId": st.sampled_from(["ai.generateText.doGenerate", "ai.toolCall"]),
}  # fmt: skip
SCOPES = (
    "app", "com.anthropic.claude_code", "@opentelemetry/instrumentation-express",
    "@opentelemetry/instrumentation-router", "langfuse-sdk", "ai", "logfire", "strands.telemetry.tracer",
)  # fmt: skip
EVENTS = st.sampled_from(
    [
        exception("boom", "ValueError", "Traceback ..."),
        exception("stop", "GraphInterrupt"),
        SpanEvent("log", 1, {SEVERITY: 17, BODY: "boom"}),
        SpanEvent("log", 1, {SEVERITY: 9}),
        SpanEvent("gen_ai.choice", 1, {}),
    ]
)
MADE = st.builds(
    make_span,
    scope=st.sampled_from(SCOPES),
    attributes=st.fixed_dictionaries({}, optional=ATTRIBUTES),
    kind=st.integers(0, 5),
    parent_span_id=st.sampled_from([b"", b"p" * 8]),
    status_code=st.integers(0, 2),
    status_message=st.sampled_from(["", "boom"]),
    events=st.lists(EVENTS, max_size=2),
)


def marked(span: Span) -> bool:
    """Whether one of the rules, of any work, finds a failure."""
    meaning = conventions.read_meaning(span)
    return any(each.rule(span, meaning) for each in RULES)


@given(MADE)
def test_what_the_glance_passes_over_no_rule_marks(span: Span) -> None:
    assert may_be_marked(span, conventions.read_meaning(span)) or not marked(span)


@pytest.mark.parametrize("client", CLIENTS)
def test_nor_among_the_spans_of_real_clients(client: str) -> None:
    passed_over = [
        span for span in captured(client) if not may_be_marked(span, conventions.read_meaning(span))
    ]

    assert not any(map(marked, passed_over))
    assert passed_over
