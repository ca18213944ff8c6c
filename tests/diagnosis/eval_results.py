"""Results of calls that are made again, for each signal with a check: with the failure, and without."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Results:
    """What the case recorded, and what targets return."""

    failing: Any
    healthy: Any
    case: dict[str, Any] = field(default_factory=dict)
    failing_seconds: float = 0.0
    also_failing: tuple[Any, ...] = ()
    also_healthy: tuple[Any, ...] = ()


ONE, OTHER = {"tool": "find", "order": 1}, {"tool": "find", "order": 2}
LOST = {"failure": "no longer calls INSERT orders: 9 of 9 traces lack the call, before 0 of 9"}
SLOW = {"failure": "takes 10.0 times as long as before: median 500.0 ms, was 50.0 ms"}
GAVE_UP = {"failure": "callers cancel it after 90.0 ms (median): 9 of 20 calls, before 0 of 20"}
CLAIM = "According to our records, the order was shipped."
UNKNOWN_TOOL = {"failure": "the model called the tool fly, which was not offered"}
PAY, FLY = {"name": "pay", "arguments": '{"cart": 7}'}, {"name": "fly", "arguments": "{}"}
RESULTS = {
    "error": Results(
        {"error": "gone"},
        {"status": "sent"},
        also_failing=("ValueError: bad", {"status_code": 503}, {"status": "failed"}),
        also_healthy=({"error": None}, {"status_code": 404}, "No error was found.", {}),
    ),
    "tool_call_failed": Results(
        "Error: order not found",
        "shipped",
        {"tool": "find", "output": "no stock", "failure": "no stock left"},
        also_failing=("no stock", "Sorry: no stock left", {"isError": True}, "done\nexit code: 1"),
        also_healthy=({"isError": False}, "exit code: 0", "3 errors were mended"),
    ),
    "llm_call_failed": Results(
        "Error: overloaded",
        "Hello.",
        also_failing=("Now I look.\nTraceback (most recent call last):\n  x\nValueError: y",),
        also_healthy=(
            "It says:\n```\nTraceback (most recent call last):\n```",
            "Failing to plan is planning to fail.",
        ),
    ),
    "output_truncated": Results(
        {"text": "Once upon", "finish_reason": "LENGTH"},
        {"text": "The end.", "finish_reason": "stop"},
        also_failing=(
            "Once upon",
            {"choices": [{"finish_reason": "length"}]},
            {"stop_reason": "max_tokens"},
            {"finish_reasons": ["FinishReason.MAX_TOKENS"]},
        ),
        also_healthy=({"stop_reason": "end_turn"}, {"choices": [{"finish_reason": "tool_calls"}]}),
    ),
    "malformed_output": Results(
        {"tool_calls": [PAY, FLY]},
        {"tool_calls": [PAY]},
        UNKNOWN_TOOL,
        also_failing=(
            "I called fly.",
            {"tool_calls": [{"name": "pay", "arguments": '{"cart": 7'}]},
            {"choices": [{"message": {"tool_calls": [{"function": FLY}]}}]},
        ),
        also_healthy=(
            {"tool_calls": []},
            {"tool_calls": [{"function": PAY}]},
            {"tool_calls": [{"name": "pay", "args": {}}]},
        ),
    ),
    "answer_refused": Results(
        {"text": "", "finish_reason": "content_filter"},
        {"text": "It is on its way.", "finish_reason": "stop"},
        also_failing=(
            "I cannot help with that.",
            {"stop_reason": "refusal"},
            {"candidates": [{"finishReason": "FinishReason.SAFETY"}]},
        ),
        also_healthy=({"stop_reason": "end_turn"}, {"finish_reasons": ["length"]}),
    ),
    "empty_answer": Results(
        {"choices": [{"message": {"content": "", "tool_calls": None}, "finish_reason": "stop"}]},
        {"choices": [{"message": {"content": "It is on its way."}, "finish_reason": "stop"}]},
        also_failing=("", " ", [], {"content": []}),
        also_healthy=(
            "Yes.",
            {"content": [{"type": "tool_use", "name": "find", "input": {}}]},
            {"items": []},
        ),
    ),
    "latency": Results("slow", "quick", SLOW, failing_seconds=0.3),
    "cancelled_call": Results("late", "soon", GAVE_UP, failing_seconds=0.3),
    "missing_call": Results(
        {"calls": ["SELECT orders"]},
        {"calls": ["SELECT orders", "INSERT orders"]},
        LOST,
        also_failing=({"calls": []}, "done"),
        also_healthy=({"calls": [{"service": "shop", "operation": "INSERT orders"}]},),
    ),
    "repeated_call": Results(
        {"calls": [ONE, OTHER, ONE, ONE]},
        {"calls": [ONE, OTHER, ONE]},
        also_failing=({}, "done"),
        also_healthy=({"calls": []},),
    ),
    "unfounded_answer": Results(
        {"answer": CLAIM, "tool_results": [{"error": "timeout"}]},
        {"answer": CLAIM, "tool_results": [{"order": 1}]},
        also_failing=({"answer": CLAIM, "tool_results": []}, CLAIM, {"answer": CLAIM}),
        also_healthy=({"answer": "I could not find that order.", "tool_results": []},),
    ),
}
