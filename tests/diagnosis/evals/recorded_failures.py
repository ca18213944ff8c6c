"""Spans with a failure of each signal, of one window that ends now; rules that compare have their window before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.telemetry.factory import key_values, span

NOW = datetime.now(UTC).replace(microsecond=0)
QUESTION = "Where is order A-17?"
CLAIM = "According to our records, the order was shipped."
Spans = Iterator[dict[str, Any]]


def chat(name: str, at: datetime, answer: Any = "It is on its way.", **fields: Any) -> dict[str, Any]:
    """A model call that was asked the question."""
    facts = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "small",
        "gen_ai.input.messages": json.dumps([{"role": "user", "content": QUESTION}]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": answer}]),
    }
    return span("chat small", id=name, at=at, attributes=facts | fields.pop("facts", {}), **fields)


def tool(name: str, at: datetime, result: Any = "nothing", **fields: Any) -> dict[str, Any]:
    """A call of a tool."""
    facts = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find",
        "gen_ai.tool.call.arguments": json.dumps({"order": fields.pop("order", 17)}),
        "gen_ai.tool.call.result": json.dumps(result),
    }
    return span("execute_tool find", id=name, at=at, attributes=facts, **fields)


def request_facts(number: int) -> dict[str, Any]:
    """The attributes of a request, and of how it ended."""
    return {
        "http.request.method": "POST", "http.route": "/checkout", "url.path": "/checkout", "url.query": f"n={number}",
        "cart.gift_cards": number, "http.response.status_code": 500, "server.address": "shop.internal",
    }  # fmt: skip


def errors() -> Spans:
    for number in range(3):
        at = NOW - timedelta(minutes=5 + number)
        yield span(
            "POST /checkout", trace=number, at=at, kind=2, error="no price", attributes=request_facts(number)
        )


def failed_tools() -> Spans:
    for number in range(3):
        yield tool("t", NOW - timedelta(minutes=5), trace=number, order=number % 2, error="order not found")


def failed_models() -> Spans:
    yield chat("m", NOW - timedelta(minutes=5), error="the model is overloaded")


def truncated() -> Spans:
    yield chat("m", NOW - timedelta(minutes=5), facts={"gen_ai.response.finish_reasons": ["length"]})


def refused() -> Spans:
    yield chat("m", NOW - timedelta(minutes=5), facts={"gen_ai.response.finish_reasons": ["content_filter"]})


def empty() -> Spans:
    yield chat("m", NOW - timedelta(minutes=5), answer="", facts={"gen_ai.response.finish_reasons": ["stop"]})


def malformed() -> Spans:
    call = [
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "1", "name": "fly", "arguments": "{}"}]}
    ]
    offered = [{"type": "function", "name": "pay"}]
    facts = {"gen_ai.output.messages": json.dumps(call), "gen_ai.tool.definitions": json.dumps(offered)}
    facts["gen_ai.response.finish_reasons"] = ["tool_calls"]
    yield chat("m", NOW - timedelta(minutes=5), facts=facts)


def rated() -> Spans:
    event = {"name": "user_feedback", "timeUnixNano": "1", "attributes": key_values({"score": 0})}
    yield chat("m", NOW - timedelta(minutes=5), events=[event])


def slow() -> Spans:
    for number in range(40):
        now, before = NOW - timedelta(minutes=5), NOW - timedelta(minutes=65)
        facts = {"report.kind": f"kind {number % 4}"}
        yield span("make report", trace=f"now {number}", at=now, duration_ms=400 + number, attributes=facts)
        yield span(
            "make report", trace=f"old {number}", at=before, duration_ms=40 + number / 10, attributes=facts
        )


def cancelled() -> Spans:
    for number in range(40):
        now, before = NOW - timedelta(minutes=5), NOW - timedelta(minutes=65)
        facts = {"report.kind": f"kind {number % 4}"}
        yield span(
            "make report", trace=f"now {number}", at=now, duration_ms=200, attributes=facts,
            error="context canceled" if number < 20 else "",
        )  # fmt: skip
        yield span("make report", trace=f"old {number}", at=before, duration_ms=40, attributes=facts)


def leaves_out() -> Spans:
    for number in range(10):
        for when, at in (("now", NOW - timedelta(minutes=5)), ("old", NOW - timedelta(minutes=65))):
            trace, facts = f"{when} {number}", {"order.kind": f"kind {number % 3}"}
            yield span("handle", trace=trace, id=f"{trace} h", at=at, duration_ms=20, attributes=facts)
            yield span("SELECT orders", trace=trace, id=f"{trace} s", at=at, parent=f"{trace} h")
            if when == "old":
                yield span("INSERT orders", trace=trace, id=f"{trace} i", at=at, parent=f"{trace} h")


def repeats() -> Spans:
    at = NOW - timedelta(minutes=5)
    facts = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    yield span("invoke_agent helper", id="a", at=at, duration_ms=900, attributes=facts)
    yield chat("m", at, parent="a")
    for number in range(3):
        yield tool(f"t{number}", at + timedelta(milliseconds=100 * number + 100), parent="a")


def claims() -> Spans:
    at = NOW - timedelta(minutes=5)
    facts = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
    yield span("invoke_agent helper", id="a", at=at, duration_ms=900, attributes=facts)
    yield chat("m", at, parent="a", answer="I look it up.")
    yield tool(
        "t", at + timedelta(milliseconds=100), parent="a", error="timed out", result={"error": "timed out"}
    )
    yield chat("m2", at + timedelta(milliseconds=200), parent="a", answer=CLAIM)


RECORDED: dict[str, Callable[[], Spans]] = {
    "error": errors,
    "tool_call_failed": failed_tools,
    "llm_call_failed": failed_models,
    "output_truncated": truncated,
    "malformed_output": malformed,
    "answer_refused": refused,
    "empty_answer": empty,
    "user_signal": rated,
    "latency": slow,
    "cancelled_call": cancelled,
    "missing_call": leaves_out,
    "repeated_call": repeats,
    "unfounded_answer": claims,
}
