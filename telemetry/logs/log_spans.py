"""
Log records as spans, in the message that spans come in: scrubbing, limits and all that follows are those of spans.

A span that is made of a log record has no span id yet: identity.py gives it once the span was scrubbed. Of one that
joins another span, the parent is that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

from telemetry.conventions.message_events import CONTENT, is_genai_event
from telemetry.logs.log_event import DURATIONS, EXCEPTION, LogEvent
from telemetry.logs.selection import ClientEvent, adds_to_a_call, client_event, is_content
from telemetry.spans.attribute_lookup import first_count
from telemetry.spans.joining_log import ERROR, EVENT_NAME, SEVERITY, SEVERITY_TEXT

MILLISECOND_NANO = 1_000_000
UNNAMED = "log"


class Kept(Enum):
    """What a log record is kept as."""

    RECORD = "record"
    EVENT = "event"  # of the span that it names
    CONTEXT = "context"  # of its trace


@dataclass(slots=True)
class LogSpans:
    """The spans that log records become: records, those that join another span, and those that are its context."""

    records: ExportTraceServiceRequest = field(default_factory=ExportTraceServiceRequest)
    joining: ExportTraceServiceRequest = field(default_factory=ExportTraceServiceRequest)
    context: ExportTraceServiceRequest = field(default_factory=ExportTraceServiceRequest)  # other log records
    sent: int = 0  # log records of the request
    others: int = 0  # those that become none of these


def spans_of_logs(logs: ExportLogsServiceRequest, *, with_context: bool = False) -> LogSpans:
    """The spans that the log records become. `with_context`: also those that are kept as context of their trace."""
    made = LogSpans()
    requests = {Kept.RECORD: made.records, Kept.EVENT: made.joining, Kept.CONTEXT: made.context}
    for group in logs.resource_logs:
        groups: dict[Kept, ResourceSpans] = {}
        for scope_group in group.scope_logs:
            spans = list(kept_spans(scope_group.log_records, scope_group.scope.name, with_context))
            made.sent += len(scope_group.log_records)
            made.others += len(scope_group.log_records) - len(spans)
            for kept, request in requests.items():
                of_scope = [span for span, kept_as in spans if kept_as is kept]
                if of_scope:
                    of_resource = groups.get(kept) or added_resource(request, group)
                    groups[kept] = of_resource
                    add_spans(of_resource, scope_group, of_scope)
    return made


def added_resource(request: ExportTraceServiceRequest, group: ResourceLogs) -> ResourceSpans:
    """The resource of log records, added to the request: once, since one resource may have many scopes."""
    return request.resource_spans.add(resource=group.resource, schema_url=group.schema_url)


def add_spans(of_resource: ResourceSpans, scope_group: ScopeLogs, spans: list[Span]) -> None:
    """Add the spans to their resource with the scope of their log records."""
    of_resource.scope_spans.add(scope=scope_group.scope, schema_url=scope_group.schema_url, spans=spans)


def kept_spans(records: Iterable[LogRecord], scope: str, with_context: bool) -> Iterator[tuple[Span, Kept]]:
    """The spans of those of these log records that are kept, and as what."""
    for record in records:
        log = LogEvent(record, scope)
        kept = Kept.EVENT if log.span_id else Kept.RECORD
        if event := client_event(log):
            yield client_span(log, event), kept_event(log, event, kept)
        elif is_content(log):
            yield content_span(log), kept
        elif log.is_failure:
            yield failure_span(log), kept
        elif with_context and log.trace_id and not is_genai_event(log.name):
            yield context_span(log), Kept.CONTEXT


def kept_event(log: LogEvent, event: ClientEvent, kept: Kept) -> Kept:
    """What the event of a client is kept as; `kept`: by the span that it names."""
    if adds_to_a_call(log, event):
        return Kept.EVENT
    return Kept.RECORD if event.form.is_own else kept


def client_span(log: LogEvent, event: ClientEvent) -> Span:
    """The span of a client's event: its attributes, and its length up to the time at which it was logged."""
    length = (first_count(log.attributes, DURATIONS) or 0) * MILLISECOND_NANO
    return Span(
        trace_id=log.trace_id,
        parent_span_id=log.span_id,
        name=event.name,
        start_time_unix_nano=max(0, log.time_unix_nano - length),
        end_time_unix_nano=log.time_unix_nano,
        attributes=[*log.sent_attributes, text_attribute(EVENT_NAME, event.name)],
    )


def content_span(log: LogEvent) -> Span:
    """
    The span of an event of OTel GenAI: its attributes and, of older versions, the parts of its body.

    A client that writes events through its language's logging has a text as the body, mostly of JSON:
    https://github.com/microsoft/semantic-kernel/blob/main/python/semantic_kernel/utils/telemetry/model_diagnostics/
    """
    body = log.message.body
    parts = [pair for pair in body.kvlist_value.values if pair.key != EVENT_NAME]
    if text := body.string_value:
        parts = [text_attribute(CONTENT if text.startswith("{") else "content", text)]
    return Span(
        trace_id=log.trace_id,
        parent_span_id=log.span_id,
        name=log.name,
        start_time_unix_nano=log.time_unix_nano,
        end_time_unix_nano=log.time_unix_nano,
        attributes=[*log.sent_attributes, *(pair for pair in parts if pair.key not in log.attributes)],
    )


def failure_span(log: LogEvent) -> Span:
    """The span of a failure that was logged: its status is the body, its event the exception."""
    exception = [pair for pair in log.sent_attributes if pair.key.startswith(EXCEPTION)]
    others = [pair for pair in log.sent_attributes if not pair.key.startswith(EXCEPTION)]
    # Of an exception that states no severity, that of an error.
    span = message_span(log, others, log.message.severity_number or ERROR)
    span.status.code = Status.STATUS_CODE_ERROR
    if exception:
        span.events.add(name="exception", time_unix_nano=log.time_unix_nano, attributes=exception)
    return span


def context_span(log: LogEvent) -> Span:
    """The span of a log record that is context of its trace: its status is the body, and says nothing of success."""
    return message_span(log, log.sent_attributes, log.message.severity_number)


def message_span(log: LogEvent, attributes: Iterable[KeyValue], severity: int) -> Span:
    """The span of a log record that says something in words, with this severity; 0 for none."""
    span = Span(
        trace_id=log.trace_id,
        parent_span_id=log.span_id,
        name=log.name or log.scope or UNNAMED,
        start_time_unix_nano=log.time_unix_nano,
        end_time_unix_nano=log.time_unix_nano,
        attributes=attributes,
    )
    if severity:
        span.attributes.append(KeyValue(key=SEVERITY, value=AnyValue(int_value=severity)))
    if log.message.severity_text:
        span.attributes.append(text_attribute(SEVERITY_TEXT, log.message.severity_text))
    span.status.message = log.body_text
    return span


def text_attribute(name: str, text: str) -> KeyValue:
    """An attribute with a text."""
    return KeyValue(key=name, value=AnyValue(string_value=text))
