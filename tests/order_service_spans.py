"""An application under observation: an order service whose one tool fails for some orders, sent as OTLP/JSON."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from typing import Any

MINUTE_NANO = 60_000_000_000


def order(number: int, *, failed: bool, minutes_ago: float, release: str = "1.0.0") -> dict[str, Any]:
    """One turn of the agent as OTLP/JSON spans: the tool call, and the request around it."""
    trace_id = hashlib.sha256(f"{release} {number}".encode()).hexdigest()[:32]
    start = time.time_ns() - int(minutes_ago * MINUTE_NANO) + number
    root = span(
        trace_id,
        "a" * 16,
        "",
        "POST /orders",
        start,
        2,
        {"http.route": "/orders", "http.request.method": "POST"},
    )
    tool = span(trace_id, "b" * 16, "a" * 16, "execute_tool lookup_order", start, 1, tool_attributes(number))
    if failed:
        fail(tool, f"order A-{number} not found in warehouse {number % 7}")
        fail(root, f"order A-{number} not found in warehouse {number % 7}")
    return {"root": root, "tool": tool, "release": release}


def tool_attributes(number: int) -> dict[str, str]:
    """What OpenTelemetry's GenAI conventions put on a tool call."""
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup_order",
        "gen_ai.tool.call.arguments": f'{{"order_id": "A-{number}"}}',
        "gen_ai.conversation.id": f"chat-{number}",
        "user.id": f"user-{number % 5}",
    }


def span(
    trace_id: str, span_id: str, parent: str, name: str, start: int, kind: int, attributes: dict[str, str]
) -> dict[str, Any]:
    """One OTLP/JSON span of 20 milliseconds."""
    return {
        "traceId": trace_id,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 20_000_000),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def fail(spoiled: dict[str, Any], message: str) -> None:
    """The span's status and its exception event."""
    spoiled["status"] = {"code": 2, "message": message}
    facts = {"exception.type": "OrderNotFound", "exception.message": message}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in facts.items()]
    spoiled["events"] = [
        {"name": "exception", "timeUnixNano": spoiled["endTimeUnixNano"], "attributes": attributes}
    ]


def request(turns: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The turns of one release as an OTLP/JSON request."""
    turns = list(turns)
    resource = {
        "service.name": "shop",
        "service.version": turns[0]["release"],
        "deployment.environment.name": "prod",
    }
    return {
        "resourceSpans": [
            {
                "resource": {
                    "attributes": [
                        {"key": key, "value": {"stringValue": value}} for key, value in resource.items()
                    ]
                },
                "scopeSpans": [
                    {
                        "scope": {"name": "shop"},
                        "spans": [turn[part] for turn in turns for part in ("root", "tool")],
                    }
                ],
            }
        ]
    }
