"""
A span as the pipeline handles it: plain values under OpenTelemetry's own names.

https://opentelemetry.io/docs/specs/otel/trace/api/#span
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.hashing import hash64
from telemetry.spans.record_ids import record_id
from telemetry.spans.value_object import value_object

LONGEST = 200  # characters of a name that gets a column; the whole of it stays in the message
STATUS_OK, STATUS_ERROR = 1, 2
# An event with the attributes of a model call, contents among them:
# https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-events.md
DETAILS = "gen_ai.client.inference.operation.details"
OF_RESOURCE = ("service", "environment", "release", "resource_id")  # properties of an origin
Form = dict[Any, Any]  # what is known of all spans with the same scope and the same names of attributes


@value_object
class SpanEvent:
    """An event of a span."""

    name: str
    time_unix_nano: int
    attributes: dict[str, Any]


@dataclass(frozen=True)
class SpanOrigin:
    """The resource and the scope that the spans of one instrumentation scope in one process share."""

    resource: dict[str, Any]
    scope_name: str
    scope_version: str
    resource_message: bytes = b""  # a serialized ResourceSpans with nothing but its resource and schema URL
    scope_message: bytes = b""  # a serialized ScopeSpans with nothing but its scope and schema URL

    # Properties are cached, since many spans share an origin.
    @cached_property
    def service(self) -> str:
        """`service.name`, or "" without one."""
        return self.named("service.name")

    @cached_property
    def environment(self) -> str:
        """`deployment.environment.name`, or its older name, or ""."""
        return self.named("deployment.environment.name") or self.named("deployment.environment")

    @cached_property
    def release(self) -> str:
        """`service.version`, or ""."""
        return self.named("service.version")

    @cached_property
    def resource_id(self) -> int:
        """The id under which the resource is stored."""
        return origin_id(self.resource_message)

    @cached_property
    def scope_id(self) -> int:
        """The id under which the scope is stored."""
        return origin_id(self.scope_message)

    def with_scope(self, name: str, version: str, message: bytes) -> SpanOrigin:
        """Another scope in the same resource, of which nothing is worked out anew."""
        other = replace(self, scope_name=name, scope_version=version, scope_message=message)
        other.__dict__.update({known: getattr(self, known) for known in OF_RESOURCE})
        return other

    def named(self, attribute: str) -> str:
        """The resource's attribute as a text that every database can hold and index, or ""."""
        return str(self.resource.get(attribute) or "")[:LONGEST].replace("\x00", "")


def origin_id(message: bytes) -> int:
    """The signed 64-bit id of a serialized resource or scope, a hash of it."""
    return hash64(message)


@value_object
class Span:
    """One decoded span. Times are unix nanoseconds; an absent parent is b""."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    name: str
    kind: int
    start_time_unix_nano: int
    end_time_unix_nano: int
    status_code: int
    status_message: str
    attributes: dict[str, Any]
    events: list[SpanEvent]
    origin: SpanOrigin
    content: bytes  # all of it as it was sent: a serialized Span
    form: Form  # of these attributes: see telemetry/spans/form.py

    @property
    def message(self) -> SpanMessage:
        """All of it as it was sent, parsed anew."""
        return SpanMessage.FromString(self.content)

    @property
    def record_id(self) -> str:
        """`rec_` + trace id + span id, so that a span sent again is the same record."""
        return record_id(self.trace_id, self.span_id)

    @property
    def duration_nano(self) -> int:
        """The duration; 0 if the clock ran backwards."""
        duration = self.end_time_unix_nano - self.start_time_unix_nano
        return duration if duration > 0 else 0
