"""
The ids of spans that were made of log records: hashes of what they hold, so that a log record sent again is one record.

A client's events without a trace of their own get the trace of their run, or of their session: the same for each event
that names it. Hashed after scrubbing, so that no id is made of a secret. They are stored, so the rule may never change.
"""

from __future__ import annotations

from hashlib import blake2b

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.conventions.log_clients import CLIENTS
from telemetry.conventions.log_clients.log_client import LogClient
from telemetry.conventions.message_events import is_genai_event
from telemetry.otlp.values import plain_attributes
from telemetry.spans.attribute_lookup import Attributes, first_text
from telemetry.spans.joining_log import EVENT_NAME, JoiningLog
from telemetry.spans.record_ids import SPAN_BYTES, TRACE_BYTES
from telemetry.spans.span import Span as LogSpan
from telemetry.windows import MINUTE_NANO

# How long a log record waits for its span: spans come when they end. A failure is worth a record meanwhile; if its span
# comes later still, that is its parent.
CONTENT_WAITS, OTHERS_WAIT = 24 * 60 * MINUTE_NANO, 15 * MINUTE_NANO
MAX_BODY = 8_192  # characters of a body that becomes a message
RUN, SESSION, ALONE, ROOT, CALL, OWN = "run", "session", "alone", "root", "call", "own"


def identify(request: ExportTraceServiceRequest) -> None:
    """
    Give every span of the request the ids that it lacks.

    Bodies that became messages are cut to MAX_BODY here: after scrubbing, which may not know the beginning of a secret.
    """
    for group in request.resource_spans:
        for scope_group in group.scope_spans:
            shared = group.resource.SerializeToString(deterministic=True)
            shared += scope_group.scope.SerializeToString(deterministic=True)
            for span in scope_group.spans:
                if len(span.status.message) > MAX_BODY:
                    span.status.message = span.status.message[:MAX_BODY]
                give_ids(span, shared)


def give_ids(span: Span, shared: bytes) -> None:
    """Give the span its ids; `shared` is what all spans of its scope have in common."""
    own = shared + span.SerializeToString(deterministic=True)
    attributes = plain_attributes(span.attributes)
    found = CLIENTS.of_event(first_text(attributes, (EVENT_NAME,)), "")
    if found is None:
        span.trace_id = span.trace_id or hashed_bytes(TRACE_BYTES, ALONE, own)
        span.span_id = hashed_bytes(SPAN_BYTES, OWN, own)
        return
    client, name = found
    run = first_text(attributes, client.run)
    is_derived = not span.trace_id
    span.trace_id = span.trace_id or client_trace(client, run, attributes, own)
    root = hashed_bytes(SPAN_BYTES, ROOT, span.trace_id) if is_derived and run else b""
    call = client.call_id(name, attributes)
    call_id = hashed_bytes(SPAN_BYTES, CALL, span.trace_id + call.encode()) if call else b""
    is_answer = bool(client.events[name].answers)
    span.parent_span_id = span.parent_span_id or (call_id if is_answer else b"") or root
    if root and client.events[name].is_run:
        span.span_id, span.parent_span_id = root, b""
    else:
        span.span_id = (b"" if is_answer else call_id) or hashed_bytes(SPAN_BYTES, OWN, own)


def client_trace(client: LogClient, run: str, attributes: Attributes, own: bytes) -> bytes:
    """The trace of a client's event: that of its run, else of its session, else one of its own."""
    if run:
        return hashed_bytes(TRACE_BYTES, client.prefix + RUN, run.encode())
    session = first_text(attributes, client.session)
    if session:
        return hashed_bytes(TRACE_BYTES, client.prefix + SESSION, session.encode())
    return hashed_bytes(TRACE_BYTES, ALONE, own)


def hashed_bytes(size: int, purpose: str, content: bytes) -> bytes:
    """So many bytes that identify the content for this purpose."""
    return blake2b(purpose.encode() + b"\x00" + content, digest_size=size).digest()


def joining_log(span: LogSpan) -> JoiningLog:
    """The log record that this span was made of, with the span that it names."""
    waits = CONTENT_WAITS if is_genai_event(span.name) else OTHERS_WAIT
    return JoiningLog(span.trace_id, span.parent_span_id, span.span_id, waits, span.origin, span.message)
