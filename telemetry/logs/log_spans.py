"""
Log records as spans, in the message that spans come in: scrubbing, limits and all that follows are those of spans.

A span that is made of a log record has no ids of its own yet: identity.py gives them once it was scrubbed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from telemetry.conventions.log_events import EVENT_NAME
from telemetry.logs.log_event import DURATIONS, EXCEPTION, LogEvent
from telemetry.logs.selection import ClientEvent, client_event
from telemetry.spans.attribute_lookup import first_count

MILLISECOND_NANO = 1_000_000
SEVERITY = "log.severity_text"
UNNAMED = "log"


def spans_of_logs(logs: ExportLogsServiceRequest) -> tuple[ExportTraceServiceRequest, int]:
    """The spans that the log records become, and the number of log records that become none."""
    request, others = ExportTraceServiceRequest(), 0
    for group in logs.resource_logs:
        for scope_group in group.scope_logs:
            spans = list(kept_spans(scope_group.log_records, scope_group.scope.name))
            others += len(scope_group.log_records) - len(spans)
            if spans:
                add_spans(request, group, scope_group, spans)
    return request, others


def add_spans(
    request: ExportTraceServiceRequest, group: ResourceLogs, scope_group: ScopeLogs, spans: list[Span]
) -> None:
    """Add the spans to the request with the resource and the scope of their log records."""
    of_resource = request.resource_spans.add(resource=group.resource, schema_url=group.schema_url)
    of_resource.scope_spans.add(scope=scope_group.scope, schema_url=scope_group.schema_url, spans=spans)


def kept_spans(records: Iterable[LogRecord], scope: str) -> Iterator[Span]:
    """The spans of those of these log records that are kept."""
    for record in records:
        log = LogEvent(record, scope)
        if event := client_event(log):
            yield client_span(log, event)
        elif log.is_failure:
            yield failure_span(log)


def client_span(log: LogEvent, event: ClientEvent) -> Span:
    """The span of a client's event: its attributes, and its length up to the time at which it was logged."""
    length = (first_count(log.attributes, DURATIONS) or 0) * MILLISECOND_NANO
    return Span(
        trace_id=log.trace_id,
        parent_span_id=log.span_id,
        name=event.name,
        start_time_unix_nano=max(0, log.time_unix_nano - length),
        end_time_unix_nano=log.time_unix_nano,
        attributes=[*log.message.attributes, text_attribute(EVENT_NAME, event.name)],
    )


def failure_span(log: LogEvent) -> Span:
    """The span of a failure that was logged: its status is the body, its event the exception."""
    exception = [pair for pair in log.message.attributes if pair.key.startswith(EXCEPTION)]
    others = [pair for pair in log.message.attributes if not pair.key.startswith(EXCEPTION)]
    span = Span(
        trace_id=log.trace_id,
        parent_span_id=log.span_id,
        name=log.name or log.scope or UNNAMED,
        start_time_unix_nano=log.time_unix_nano,
        end_time_unix_nano=log.time_unix_nano,
        attributes=[*others, text_attribute(SEVERITY, log.message.severity_text)],
    )
    span.status.code, span.status.message = Status.STATUS_CODE_ERROR, log.body_text
    if exception:
        span.events.add(name="exception", time_unix_nano=log.time_unix_nano, attributes=exception)
    return span


def text_attribute(name: str, text: str) -> KeyValue:
    """An attribute with a text."""
    return KeyValue(key=name, value=AnyValue(string_value=text))
