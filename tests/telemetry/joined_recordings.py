"""The spans of recorded clients with the log events that joined them, as the store makes them, without a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from telemetry import conventions
from telemetry.logs.identity import identify, joining_log
from telemetry.logs.log_spans import spans_of_logs
from telemetry.otlp.decode import Encoding, decode_spans, read_span
from telemetry.otlp.decode_logs import parse_logs_request
from telemetry.spans.joining_log import JoiningLog, event_of
from telemetry.spans.span import Span
from telemetry.store.insertion import Key
from telemetry.store.joined_logs.inner_calls import AskedCall, InnerCall, InnerCalls
from telemetry.store.joined_logs.merged_span import new_events, with_events
from telemetry.store.joined_logs.told_calls import ids_of_call, told_call
from tests import captures
from tests.telemetry.span_builders import captured


@cache
def captured_with_logs(name: str) -> tuple[Span, ...]:
    """Every span that a real client sent, with the events of its log records."""
    spans = captured(name)
    by_key = {(span.trace_id, span.span_id): span for span in spans}
    joining: dict[Key, list[JoiningLog]] = defaultdict(list)
    for log in joining_logs(name):
        joining[target(log, spans)].append(log)
    return tuple(with_logs(span, joining[key]) if key in joining else span for key, span in by_key.items())


def joining_logs(name: str) -> Iterator[JoiningLog]:
    """The log records of the recording that name a span."""
    for request in captures.requests(name, captures.LOGS):
        encoding = Encoding.of(request.headers["content-type"])
        assert encoding is not None
        made = spans_of_logs(parse_logs_request(request.plain, encoding)).joining
        identify(made)
        yield from map(joining_log, decode_spans(made.SerializeToString()).spans)


def target(log: JoiningLog, spans: tuple[Span, ...]) -> Key:
    """The span that the log record joins: of what tells of a call, the call inside the one that it names."""
    told, named = told_call(log.message), log[:2]
    if told is None:
        return named
    units = {(span.trace_id, span.span_id): conventions.read_meaning(span).unit for span in spans}
    inside = [span for span in spans if (span.trace_id, span.parent_span_id) == named]
    found = {
        (span.trace_id, span.span_id): InnerCall(
            (named, units[span.trace_id, span.span_id]),
            (span.trace_id, span.span_id),
            span.end_time_unix_nano,
        )
        for span in inside
    }
    calls = InnerCalls([(named, units.get(named, ""))], found.values())
    for span in inside:
        call = found[span.trace_id, span.span_id]
        for names, call_id in ids_of_call(span.message, told.unit):
            calls.add_id(call.place, names, call_id, call.key)
    return calls.target_of(AskedCall(named, told, log.message.end_time_unix_nano, waited=False)) or named


def with_logs(span: Span, logs: list[JoiningLog]) -> Span:
    """The span with those of these log records as events that say something new."""
    events = new_events(span.message, span.message, [event_of(log.message) for log in logs])
    return read_span(with_events(span.message, filter(None, events)).SerializeToString(), span.origin)
