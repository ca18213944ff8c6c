"""
Request bodies for the ingest benchmark: 8-span agent traces with about 1 KB of text a model call, 5 % failing.

Ids and numbers differ in every span, kinds of failure are few, as in real traffic.
"""

from __future__ import annotations

import random
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

WORDS = [
    "order",
    "parcel",
    "refund",
    "invoice",
    "warehouse",
    "customer",
    "delayed",
    "lookup",
    "status",
    "delivery",
]
SPANS_A_TRACE = 8
FAILING = 0.05
KINDS = ["order {n} not found", "warehouse {n} timed out after {n} ms", "refund of {n} EUR exceeds the limit"]


def body(spans: int, seed: str) -> bytes:
    """One protobuf request of about that many spans; other seeds give other ids."""
    chance = random.Random(seed)
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    for key, value in {"service.name": "assistant", "service.version": "1.4.0"}.items():
        group.resource.attributes.add(key=key).value.string_value = value
    scope = group.scope_spans.add()
    scope.scope.name = "opentelemetry.instrumentation.openai_v2"
    for _ in range(max(1, spans // SPANS_A_TRACE)):
        trace(scope, chance, min(spans, SPANS_A_TRACE))
    return request.SerializeToString()


def trace(scope: ScopeSpans, chance: random.Random, spans: int) -> None:
    """One turn of an agent: the run, then model calls and tool calls in turn."""
    trace_id, root = chance.randbytes(16), chance.randbytes(8)
    start = time.time_ns() - chance.randrange(60_000_000_000)
    fails = chance.random() < FAILING * spans
    for number in range(spans):
        span = scope.spans.add(trace_id=trace_id, span_id=root if number == 0 else chance.randbytes(8))
        span.parent_span_id = b"" if number == 0 else root
        span.start_time_unix_nano = start + number * 1_000_000
        span.end_time_unix_nano = span.start_time_unix_nano + chance.randrange(1_000_000, 900_000_000)
        fill(span, number, chance)
        if fails and number == spans - 1:
            fail(span, chance)


def fill(span: Span, number: int, chance: random.Random) -> None:
    """What the GenAI conventions put on an agent run, a model call and a tool call."""
    kind = ("invoke_agent", "chat", "execute_tool")[0 if number == 0 else 1 + number % 2]
    span.name = f"{kind} support"
    text = {"gen_ai.operation.name": kind, "gen_ai.conversation.id": f"chat-{chance.randrange(10**6)}"}
    if kind == "chat":
        prompt = " ".join(chance.choices(WORDS, k=140))
        text |= {"gen_ai.request.model": "gpt-4o-mini", "gen_ai.input.messages": prompt}
        span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = chance.randrange(2000)
        span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = chance.randrange(500)
    if kind == "execute_tool":
        arguments = f'{{"order_id": "A-{chance.randrange(10**6)}"}}'
        text |= {"gen_ai.tool.name": "lookup_order", "gen_ai.tool.call.arguments": arguments}
    for key, value in text.items():
        span.attributes.add(key=key).value.string_value = value


def fail(span: Span, chance: random.Random) -> None:
    """A status and an exception event with another number each time."""
    message = chance.choice(KINDS).format(n=chance.randrange(10**6))
    span.status.code, span.status.message = 2, message
    event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
    for key, value in {"exception.type": "ToolError", "exception.message": message}.items():
        event.attributes.add(key=key).value.string_value = value
