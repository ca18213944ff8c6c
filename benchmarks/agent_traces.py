"""
The load of the ingest benchmark: 8-span traces of a support agent, about 1 KB of text a model call, 5 % failing.

A run asks the model, calls the tool it chose, and asks again: one agent span, four model calls, three tool calls, as
OpenTelemetry's conventions name them: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
Ids, numbers and times are shaped so that fresh_bodies.py can replace them in place: eight digits are an id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from benchmarks.failure_kinds import FAILING, MODEL, of_span, stack
from benchmarks.vocabulary import text

SPANS_A_TRACE = 8
TOOLS = ("lookup_order", "track_parcel", "issue_refund")
RESOURCE = {
    "service.name": "assistant",
    "service.version": "1.4.0",
    "deployment.environment.name": "production",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "host.name": "assistant-7d4b9",
}
Value = str | int | list[str]


def body(spans: int, seed: str) -> bytes:
    """One protobuf request of that many spans that ended by now; other seeds give other ids."""
    chance = random.Random(seed)
    now = time.time_ns()
    traces = [trace(chance, now - 60_000_000_000) for _ in range(-(-spans // SPANS_A_TRACE))]
    return request([span for spans in traces for span in spans][:spans]).SerializeToString()


def request(spans: Iterable[Span]) -> ExportTraceServiceRequest:
    """These spans as one exporter sends them."""
    message = ExportTraceServiceRequest()
    group = message.resource_spans.add()
    for key, value in RESOURCE.items():
        group.resource.attributes.add(key=key).value.string_value = value
    scope = group.scope_spans.add()
    scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.openai_v2", "2.1b0"
    scope.spans.extend(spans)
    return message


def trace(chance: random.Random, start: int) -> list[Span]:
    """One run of the agent, its own span first. `start` in nanoseconds."""
    trace_id, session = chance.randbytes(16), f"chat-{digits(chance)}"
    root = Span(trace_id=trace_id, span_id=chance.randbytes(8), kind=Span.SPAN_KIND_INTERNAL)
    root.name, root.start_time_unix_nano = "invoke_agent support", start
    add(root, {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"})
    add(root, {"gen_ai.conversation.id": session, "user.id": f"user-{digits(chance)}"})
    spans = [root]
    for number in range(1, SPANS_A_TRACE):
        span = Span(
            trace_id=trace_id,
            span_id=chance.randbytes(8),
            parent_span_id=root.span_id,
            kind=Span.SPAN_KIND_CLIENT,
        )
        span.start_time_unix_nano = start = start + chance.randrange(200_000, 2_000_000)
        start = fill(span, number, session, chance)
        spans.append(span)
    root.end_time_unix_nano = start + chance.randrange(200_000, 2_000_000)
    return spans


def fill(span: Span, number: int, session: str, chance: random.Random) -> int:
    """What one step records, by turns a model call and a tool call; when it ended."""
    tool = MODEL if number % 2 else chance.choice(TOOLS)
    took = chance.lognormvariate(18 if tool else 20.5, 0.6)  # around 65 ms and 800 ms
    span.end_time_unix_nano = span.start_time_unix_nano + int(took)
    fails = chance.random() < FAILING * SPANS_A_TRACE / (SPANS_A_TRACE - 1)  # the agent's own span never does
    if tool:
        tool_call(span, tool, fails, chance)
    else:
        model_call(span, session, fails, chance)
    if fails:
        fail(span, tool, chance)
    return span.end_time_unix_nano


def model_call(span: Span, session: str, fails: bool, chance: random.Random) -> None:
    """A chat with about 1 KB of text in and out; a failed one has no answer."""
    span.name = "chat gpt-4o-mini"
    question = text(chance, 880 if fails else 630)
    add(span, {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai"})
    add(span, {"gen_ai.request.model": "gpt-4o-mini", "gen_ai.conversation.id": session})
    add(span, {"server.address": "api.openai.com", "server.port": 443})
    add(span, {"gen_ai.input.messages": messages("user", question)})
    if fails:
        return
    add(span, {"gen_ai.response.model": "gpt-4o-mini-2024-07-18", "gen_ai.response.finish_reasons": ["stop"]})
    add(span, {"gen_ai.response.id": f"chatcmpl-{digits(chance)}"})
    add(span, {"gen_ai.usage.input_tokens": chance.randrange(200, 4000)})
    add(span, {"gen_ai.usage.output_tokens": chance.randrange(20, 500)})
    add(span, {"gen_ai.output.messages": messages("assistant", text(chance, 250))})


def tool_call(span: Span, tool: str, fails: bool, chance: random.Random) -> None:
    """A call with small arguments; a failed one has no result."""
    span.name = f"execute_tool {tool}"
    order = f"A-{digits(chance)}"
    add(span, {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool})
    add(span, {"gen_ai.tool.call.id": f"call_{digits(chance)}"})
    add(span, {"gen_ai.tool.call.arguments": f'{{"order_id":"{order}"}}'})
    if not fails:
        result = {"order_id": order, "state": "shipped", "note": text(chance, 60)}
        add(span, {"gen_ai.tool.call.result": orjson.dumps(result).decode()})


def fail(span: Span, tool: str, chance: random.Random) -> None:
    """An error status and the exception that was raised."""
    kind = of_span(tool, chance)
    message = kind.told(chance)
    span.status.code, span.status.message = Status.STATUS_CODE_ERROR, message
    add(span, {"error.type": kind.error_type})
    event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
    facts = {"type": kind.error_type, "message": message, "stacktrace": stack(kind, message)}
    for name, fact in facts.items():
        event.attributes.add(key=f"exception.{name}").value.string_value = fact


def add(span: Span, attributes: dict[str, Value]) -> None:
    """Attributes in the order given."""
    for key, value in attributes.items():
        target = span.attributes.add(key=key).value
        if isinstance(value, list):
            for item in value:
                target.array_value.values.add(string_value=item)
        elif isinstance(value, int):
            target.int_value = value
        else:
            target.string_value = value


def messages(role: str, content: str) -> str:
    """One message as the conventions write it into an attribute."""
    parts = [{"role": role, "parts": [{"type": "text", "content": content}]}]
    return orjson.dumps(parts).decode()


def digits(chance: random.Random) -> str:
    """A number that stands for an id."""
    return f"{chance.randrange(10**8):08}"
