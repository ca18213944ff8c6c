"""What looks like a failure of each signal and is none: spans for those of records, tests for those of windows."""

from __future__ import annotations

from typing import Any

from tests.diagnosis.detection import test_slow_services
from tests.diagnosis.detection.rules import (
    test_cancelled_call,
    test_missing_call,
    test_repeated_call,
    test_unfounded_answer,
)
from tests.telemetry.span_builders import OK, exception, make_span

TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
OFFERED = {
    "gen_ai.response.finish_reasons": ["tool_calls"],
    "gen_ai.tool.definitions": '[{"type": "function", "name": "pay"}]',
    "gen_ai.output.messages": '[{"parts": [{"type": "tool_call", "name": "pay", "arguments": "{}"}]}]',
}
SPANS: dict[str, list[Any]] = {
    "error": [make_span(status_code=OK, events=[exception("handled", "Retry")])],
    "tool_call_failed": [make_span(attributes={**TOOL, "gen_ai.tool.call.result": '{"error": null}'})],
    "llm_call_failed": [
        make_span(attributes=CHAT, status_code=OK, events=[exception("retried", "Overloaded")])
    ],
    "output_truncated": [make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": ["stop"]})],
    "malformed_output": [make_span(attributes={**CHAT, **OFFERED})],
    "answer_refused": [make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": ["OTHER"]})],
    "empty_answer": [make_span(attributes={**CHAT, "gen_ai.response.finish_reasons": ["stop"]})],
    "user_signal": [make_span(attributes={"feedback.label": "thumbs_up"})],
}
TESTS: dict[str, list[Any]] = {
    "latency": [
        test_slow_services.test_a_few_slow_ones_are_no_tail,
        test_slow_services.test_the_same_durations_as_before_are_no_issue,
    ],
    "cancelled_call": [test_cancelled_call.test_what_only_looks_like_it_is_quiet],
    "missing_call": [test_missing_call.test_what_only_looks_like_it_is_quiet],
    "repeated_call": [test_repeated_call.test_what_only_looks_like_it_is_quiet],
    "unfounded_answer": [test_unfounded_answer.test_what_only_looks_like_it_is_quiet],
}
