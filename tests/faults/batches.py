"""
Requests for fault tests: small spans whose traces, minutes and operations meet in many requests at once.

What is counted by trace or by minute is then written by all connections together, which is where counts go wrong.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from functools import cached_property

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SHARED_TRACES = 40
SIZES = (8, 50, 100, 512)
OPERATIONS = ("chat", "execute_tool", "invoke_agent")
MINUTE_NANO = 60_000_000_000
KINDS = ("order not found", "warehouse timed out", "limit exceeded")


@dataclass(frozen=True)
class Batch:
    """One request and the spans in it."""

    body: bytes
    keys: frozenset[bytes]  # trace id and span id, joined

    @cached_property
    def spans(self) -> int:
        """How many."""
        return len(self.keys)


def batch(chance: random.Random, seed: str, spans: int) -> Batch:
    """A protobuf request; the same seed shares its traces, no two calls share a span."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "shop"
    scope = group.scope_spans.add()
    traces = random.Random(seed)
    ids = [traces.randbytes(16) for _ in range(SHARED_TRACES)]
    keys = {fill(scope.spans.add(trace_id=chance.choice(ids)), chance) for _ in range(spans)}
    return Batch(request.SerializeToString(), frozenset(keys))


def fill(span: Span, chance: random.Random) -> bytes:
    """A call of an agent that sometimes fails, within the last three minutes; its key."""
    work = chance.choice(OPERATIONS)
    span.span_id, span.name = chance.randbytes(8), f"{work} order"
    span.start_time_unix_nano = time.time_ns() - chance.randrange(3 * MINUTE_NANO)
    span.end_time_unix_nano = span.start_time_unix_nano + chance.randrange(1_000_000, 900_000_000)
    facts = {"gen_ai.operation.name": work, "gen_ai.conversation.id": f"chat-{chance.randrange(9)}"}
    for key, value in facts.items():
        span.attributes.add(key=key).value.string_value = value
    if work == "chat":
        span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = chance.randrange(2000)
    if chance.random() < 0.1:
        span.status.code, span.status.message = Span().status.STATUS_CODE_ERROR, chance.choice(KINDS)
    return span.trace_id + span.span_id
