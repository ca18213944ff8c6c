"""The load of the ingest benchmark is what it says: 8-span traces, new ids each time, twelve kinds of failure."""

from __future__ import annotations

import gzip
import random
import statistics
from functools import lru_cache

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.failure_kinds import KINDS
from benchmarks.fresh_bodies import JSON_GZIP, PROTOBUF, Template, agent_requests, templates

NOW = 1_900_000_000_000_000_000
ERROR = 2


def spans_of(body: bytes) -> list[Span]:
    """The spans of a protobuf request."""
    (group,) = ExportTraceServiceRequest.FromString(body).resource_spans
    return list(group.scope_spans[0].spans)


@lru_cache
def many() -> list[Span]:
    """The spans of several requests of 512."""
    chance = random.Random(1)
    pool = templates(PROTOBUF, 512, 2048)
    return [span for template in pool for body in template.fresh(chance, NOW) for span in spans_of(body)]


def attributes(span: Span) -> dict[str, str]:
    """The text attributes."""
    return {fact.key: fact.value.string_value for fact in span.attributes}


@pytest.mark.parametrize(("spans", "bodies"), [(1, 8), (100, 2), (512, 1)])
def test_a_request_holds_as_many_spans_as_asked_for(spans: int, bodies: int) -> None:
    sent = Template(PROTOBUF, agent_requests(spans, random.Random(1))).fresh(random.Random(2), NOW)

    assert [len(spans_of(body)) for body in sent] == [spans] * bodies


def test_no_span_is_sent_twice() -> None:
    template, chance = Template(PROTOBUF, agent_requests(64, random.Random(1))), random.Random(2)

    sent = [span for _ in range(3) for body in template.fresh(chance, NOW) for span in spans_of(body)]

    assert (
        len({(span.trace_id, span.span_id) for span in sent}) == len({span.span_id for span in sent}) == 192
    )


def test_a_trace_is_one_agent_run_with_seven_steps_below_it() -> None:
    trace = many()[:8]
    root = trace[0]

    assert {span.trace_id for span in trace} == {root.trace_id}
    assert [span.parent_span_id for span in trace] == [b""] + [root.span_id] * 7
    assert [span.name.split()[0] for span in trace] == ["invoke_agent", *["chat", "execute_tool"] * 3, "chat"]
    assert len({attributes(span).get("gen_ai.conversation.id", "") for span in trace} - {""}) == 1


def test_times_are_those_of_the_moment_of_sending() -> None:
    for span in many():
        assert NOW <= span.start_time_unix_nano <= span.end_time_unix_nano < NOW + 60_000_000_000


def test_a_model_call_has_about_a_kilobyte_of_text() -> None:
    texts = [
        attributes(span)["gen_ai.input.messages"] + attributes(span).get("gen_ai.output.messages", "")
        for span in many()
        if span.name.startswith("chat")
    ]

    assert 900 < statistics.mean(map(len, texts)) < 1150


def test_five_percent_fail_in_twelve_kinds() -> None:
    failed = [span for span in many() if span.status.code == ERROR]
    kinds = [[kind for kind in KINDS if kind.told_by(span.status.message)] for span in failed]

    assert 0.04 < len(failed) / len(many()) < 0.06
    assert {len(found) for found in kinds} == {1}
    assert {kind for found in kinds for kind in found} == set(KINDS)


def test_a_failure_tells_the_same_numbers_everywhere_and_others_each_time() -> None:
    failed = [span for span in many() if span.status.message.startswith("order A-")]
    told = [{fact.key: fact.value.string_value for fact in span.events[0].attributes} for span in failed]

    assert len({span.status.message for span in failed}) == len(failed) > 1
    for span, facts in zip(failed, told, strict=True):
        assert facts["exception.message"] == span.status.message
        assert facts["exception.stacktrace"].endswith(f"ToolError: {span.status.message}\n")


def test_the_json_body_has_the_spans_of_the_protobuf_body() -> None:
    (packed,) = Template(JSON_GZIP, agent_requests(64, random.Random(1))).fresh(random.Random(2), NOW)
    (plain,) = Template(PROTOBUF, agent_requests(64, random.Random(1))).fresh(random.Random(2), NOW)

    (group,) = orjson.loads(gzip.decompress(packed))["resourceSpans"]

    assert [
        (span["traceId"], span["spanId"], span.get("parentSpanId", ""), int(span["startTimeUnixNano"]))
        for span in group["scopeSpans"][0]["spans"]
    ] == [
        (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.start_time_unix_nano)
        for span in spans_of(plain)
    ]
