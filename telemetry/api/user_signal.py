"""
What users say through POST /v1/feedback, as a record: a span with one evaluation event, like any other producer's.

The span is a trace of its own that links to the one it is about, because the feedback key lies in public pages:
whoever finds it can add words, but cannot change a trace, its session or its user.
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-events/#event-gen_aievaluationresult
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from hashlib import blake2b

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.ingest import ingest
from telemetry.models import Trace
from telemetry.otlp.decode import Encoding
from telemetry.spans.record_ids import record_id
from telemetry.windows import unix_nano

SCOPE = "loopkit.feedback"
EVENT = "gen_ai.evaluation.result"
SCORES = {"up": 1, "down": 0}


@dataclass(frozen=True, slots=True)
class UserSignal:
    """One user's signal about a session or a trace; at least one of both is given."""

    rating: str  # up or down
    comment: str = ""
    session_id: str = ""
    trace_id: str = ""  # 32 hex digits
    user_id: str = ""
    feedback_id: str = ""  # the sender's own name for it, so that a repeated request is one record


@dataclass(frozen=True, slots=True)
class Taken:
    """The record that the signal became."""

    record_id: str
    duplicate: bool


class QuotaUsed(Exception):
    """The project has no room for another span."""


def take(signal: UserSignal, now: datetime) -> Taken:
    """Store the signal in the bound project. The same words about the same target on one day are one record."""
    words = (signal.feedback_id,) if signal.feedback_id else (*astuple(signal), now.date().isoformat())
    named = digest(*words)
    trace_id, span_id = named[:16], named[16:24]
    rated = Trace.objects.filter(trace_id=bytes.fromhex(signal.trace_id)).first()
    about = replace(signal, session_id=signal.session_id or (rated.session_id if rated else ""))
    where = {"service.name": rated.service, "deployment.environment.name": rated.environment} if rated else {}
    request = message(about, trace_id, span_id, unix_nano(now))
    request.resource_spans[0].resource.attributes.extend(key_values(where))
    receipt = ingest(request.SerializeToString(), Encoding.PROTOBUF, now)
    if receipt.rejected_total:
        raise QuotaUsed
    return Taken(record_id(trace_id, span_id), duplicate=not receipt.accepted)


def digest(*parts: str) -> bytes:
    """32 bytes that name these words."""
    return blake2b("\x00".join(parts).encode(), digest_size=32).digest()


def message(
    signal: UserSignal, trace_id: bytes, span_id: bytes, time_unix_nano: int
) -> ExportTraceServiceRequest:
    """The signal as an OTLP request, so that it takes the same way in as every span."""
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add()
    scope_spans.scope.name = SCOPE
    span = scope_spans.spans.add(trace_id=trace_id, span_id=span_id, name="user_feedback")
    span.start_time_unix_nano = span.end_time_unix_nano = time_unix_nano
    span.attributes.extend(key_values({"session.id": signal.session_id}))
    if signal.trace_id:
        span.links.add(trace_id=bytes.fromhex(signal.trace_id))
    span.events.add(name=EVENT, time_unix_nano=time_unix_nano, attributes=key_values(evaluation(signal)))
    return request


def evaluation(signal: UserSignal) -> dict[str, str | int]:
    """The attributes of the event."""
    return {
        "gen_ai.evaluation.name": "user_feedback",
        "gen_ai.evaluation.score.label": signal.rating,
        "gen_ai.evaluation.score.value": SCORES[signal.rating],
        "gen_ai.evaluation.explanation": signal.comment,
        "user.id": signal.user_id,
    }


def key_values(facts: Mapping[str, str | int]) -> list[KeyValue]:
    """OTLP attributes; what was not said is left out."""
    return [
        KeyValue(
            key=name,
            value=AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=value),
        )
        for name, value in facts.items()
        if value != ""
    ]
