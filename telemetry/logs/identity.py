"""
The ids of spans that were made of log records: hashes of what they hold, so that a log record sent again is one record.

A client's events without a trace of their own get the trace of their run, or of their session: the same for each event
that names it. Hashed after scrubbing, so that no id is made of a secret. They are stored, so the rule may never change.
"""

from __future__ import annotations

from copy import copy
from hashlib import blake2b

from google.protobuf.message import Message
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
        of_resource = OwnIds().followed_by(group.resource)
        for scope_group in group.scope_spans:
            of_scope = of_resource.followed_by(scope_group.scope)
            for span in scope_group.spans:
                if len(span.status.message) > MAX_BODY:
                    span.status.message = span.status.message[:MAX_BODY]
                give_ids(span, of_scope.followed_by(span))


class OwnIds:
    """
    The ids of what has none: hashes of all that it holds, its resource and scope first.

    What many share is hashed once, however large a resource is and however many log records it has.
    """

    def __init__(self) -> None:
        self._trace, self._span = begun_hash(TRACE_BYTES, ALONE), begun_hash(SPAN_BYTES, OWN)

    def followed_by(self, part: Message) -> OwnIds:
        """The ids of what holds this part too."""
        other, content = copy(self), part.SerializeToString(deterministic=True)
        other._trace, other._span = self._trace.copy(), self._span.copy()
        other._trace.update(content)
        other._span.update(content)
        return other

    @property
    def trace_id(self) -> bytes:
        """The id of a trace of its own."""
        return self._trace.digest()

    @property
    def span_id(self) -> bytes:
        """Its own id."""
        return self._span.digest()


def give_ids(span: Span, own: OwnIds) -> None:
    """Give the span the ids that it lacks; `own` are those that it has if no client says more."""
    attributes = plain_attributes(span.attributes)
    found = CLIENTS.of_event(first_text(attributes, (EVENT_NAME,)), "")
    if found is None:
        span.trace_id = span.trace_id or own.trace_id
        span.span_id = own.span_id
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
        span.span_id = (b"" if is_answer else call_id) or own.span_id


def client_trace(client: LogClient, run: str, attributes: Attributes, own: OwnIds) -> bytes:
    """The trace of a client's event: that of its run, else of its session, else one of its own."""
    if run:
        return hashed_bytes(TRACE_BYTES, client.prefix + RUN, run.encode())
    session = first_text(attributes, client.session)
    if session:
        return hashed_bytes(TRACE_BYTES, client.prefix + SESSION, session.encode())
    return own.trace_id


def hashed_bytes(size: int, purpose: str, content: bytes) -> bytes:
    """So many bytes that identify the content for this purpose."""
    hashed = begun_hash(size, purpose)
    hashed.update(content)
    return hashed.digest()


def begun_hash(size: int, purpose: str) -> blake2b:
    """The beginning of a hash of so many bytes for this purpose."""
    return blake2b(purpose.encode() + b"\x00", digest_size=size)


def joining_log(span: LogSpan) -> JoiningLog:
    """The log record that this span was made of, with the span that it names."""
    waits = CONTENT_WAITS if is_genai_event(span.name) else OTHERS_WAIT
    return JoiningLog(span.trace_id, span.parent_span_id, span.span_id, waits, span.origin, span.message)
