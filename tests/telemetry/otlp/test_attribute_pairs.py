"""Spans read from their bytes say what protobuf's own parser reads, whatever was read before."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from telemetry.conventions import capture_of
from telemetry.grouping import versions
from telemetry.ingest import read_spans
from telemetry.normalise import normalise
from telemetry.otlp.attribute_pairs import BEFORE_TEXT, LONGEST_TEXT, attributes_of
from telemetry.otlp.decode import Encoding, Undecodable, decode_spans, read_export_request
from telemetry.otlp.deep_values import as_varint
from telemetry.otlp.values import plain_attributes
from telemetry.spans.span import Span
from tests import captures
from tests.telemetry import factory
from tests.telemetry.span_builders import captured

AT = datetime(2026, 1, 2, tzinfo=UTC)
BODY = factory.protobuf(
    factory.request(
        factory.span(
            "work", trace="t", id="a", at=AT, attributes={"http.method": "GET", "n": 7, "part": 0.5}
        ),
        factory.span("fail", trace="t", id="b", at=AT, error="no stock", attributes={"http.method": "GET"}),
    )
)
# Names of 18 bytes have the tag of a value as their length; from 128 on the length takes two bytes.
NAMES = st.one_of(
    st.sampled_from(["", "a", "http.method", "n" * 18, "\x12", "é" * 9, "n" * 127, "n" * 128, "\n\x12\x12"]),
    st.text(max_size=20),
)
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [123, 124, 125, 126, 127, 128, 129, 130, 131, 4089, 4090, 4091, 5000, 16_383, 16_384]
    ).map(lambda size: "x" * size),
)
SCALARS = st.one_of(
    st.builds(AnyValue, string_value=TEXTS),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, double_value=st.floats(allow_nan=False)),
    st.builds(AnyValue, bytes_value=st.binary(max_size=8)),
    st.just(AnyValue()),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda found: AnyValue(array_value=ArrayValue(values=found))),
        st.lists(st.builds(KeyValue, key=NAMES, value=inner), max_size=3).map(
            lambda found: AnyValue(kvlist_value=KeyValueList(values=found))
        ),
    ),
    max_leaves=6,
)
PAIRS = st.builds(KeyValue, key=NAMES, value=VALUES).map(KeyValue.SerializeToString)
# What no encoder writes, and what is broken: parts in another order, twice, cut, with a byte changed, or none at all.
ODD_PAIRS = st.one_of(
    st.tuples(PAIRS, PAIRS).map(b"".join),
    st.tuples(PAIRS, st.binary(max_size=4)).map(b"".join),
    st.tuples(PAIRS, st.integers(0, 30)).map(lambda found: found[0][: found[1]]),
    st.tuples(PAIRS, st.integers(0, 30), st.integers(0, 255)).map(
        lambda found: found[0][: found[1]] + bytes([found[2]]) + found[0][found[1] + 1 :]
    ),
    st.builds(AnyValue, string_value=TEXTS).map(
        lambda value: (
            b"\x12" + as_varint(len(value.SerializeToString())) + value.SerializeToString() + b"\n\x01k"
        )
    ),
    st.binary(max_size=12),
)


def official(pairs: list[bytes]) -> Any:
    """The attributes by protobuf's own parser; None for what it does not read."""
    with suppress(DecodeError):
        return plain_attributes([KeyValue.FromString(pair) for pair in pairs])
    return None


def read(pairs: list[bytes]) -> Any:
    """The attributes by ours; None for what it does not read."""
    with suppress(DecodeError):
        return attributes_of(pairs)
    return None


def shown(attributes: Any) -> str:
    """The attributes with the types of their values, which are equal for 1, 1.0 and true."""
    return repr(attributes)


@given(st.lists(st.one_of(PAIRS, ODD_PAIRS), max_size=4))
def test_attributes_are_those_of_protobufs_parser(pairs: list[bytes]) -> None:
    assert shown(read(pairs)) == shown(official(pairs))
    assert shown(read(pairs)) == shown(official(pairs))  # as remembered


def test_every_size_of_a_text_is_read() -> None:
    for size in range(LONGEST_TEXT + 10):
        pair = KeyValue(key="text", value=AnyValue(string_value="x" * size)).SerializeToString()
        assert read([pair]) == {"text": "x" * size}
    impossible = [size for size, before in enumerate(BEFORE_TEXT) if len(before) > size]
    assert impossible == [0, 1, 2, 129, 132]


def test_what_is_no_value_is_not_remembered_as_one() -> None:
    end = b"\x05\x00\x03GET"
    no_name = b"\n\x01k\x1a" + end[:6]  # a field that protobuf does not know, which ends like a value
    named = KeyValue(key="k", value=AnyValue(int_value=1)).SerializeToString()
    assert read([no_name]) == {"k": None}
    assert read([named]) == {"k": 1}

    assert read([b"\n\x01k\x12" + end]) is None


@pytest.mark.parametrize("name", captures.NAMES)
def test_nothing_changes_the_lists_and_objects_that_spans_share(name: str) -> None:
    spans = captured(name)
    as_read = [shown(span.attributes) for span in spans]
    for span in spans:
        for rules in versions.VERSIONS.values():
            normalise(span, rules)
        capture_of(span)

    assert [shown(span.attributes) for span in spans] == as_read


def spans_of(request: ExportTraceServiceRequest) -> list[tuple[Any, ...]]:
    """What a request's spans say, read from the official message."""
    return [
        (span.trace_id, span.span_id, span.name, span.status.message, plain_attributes(span.attributes),
         [(event.name, plain_attributes(event.attributes)) for event in span.events],
         plain_attributes(group.resource.attributes), scope.scope.name)
        for group in request.resource_spans for scope in group.scope_spans for span in scope.spans
    ]  # fmt: skip


@pytest.mark.parametrize("name", captures.NAMES)
def test_the_spans_of_clients_are_those_of_the_official_message(name: str) -> None:
    for sent in captures.requests(name):
        encoding = Encoding.of(sent.headers["content-type"])
        assert encoding is not None
        request, _ = read_export_request(sent.plain, encoding)
        decoded = decode_spans(request.SerializeToString())
        assert len(decoded.spans) == len(spans_of(request))
        for span, found in zip(decoded.spans, spans_of(request), strict=True):
            events = [(event.name, event.attributes) for event in span.events]
            assert found[:4] == (span.trace_id, span.span_id, span.name, span.status_message)
            assert shown(found[5:]) == shown((events, span.origin.resource, span.origin.scope_name))
            assert span.attributes.items() >= found[4].items()


def facts(span: Span) -> str:
    """All that was read of a span but the bytes that it was sent in."""
    return repr(
        [getattr(span, each.name) for each in fields(span) if each.name not in ("content", "form", "origin")]
    )


def outcome(body: bytes) -> Any:
    """What is read of a body: its spans and how many were refused; None for one that is refused."""
    with suppress(Undecodable):
        decoded, changes = read_spans(body, Encoding.PROTOBUF, are_signals=False)
        return list(map(facts, decoded.spans)), Counter(decoded.rejected), changes
    return None


@given(st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 255)), min_size=1, max_size=3))
def test_a_body_with_changed_bytes_is_read_as_the_official_message(changes: list[tuple[int, int]]) -> None:
    body = bytearray(BODY)
    for place, byte in changes:
        body[place % len(body)] = byte
    try:
        expected = outcome(read_export_request(bytes(body), Encoding.PROTOBUF)[0].SerializeToString())
    except Undecodable:
        expected = None

    assert outcome(bytes(body)) == expected


def test_parts_that_are_sent_twice_are_merged() -> None:
    status = Status(message="no stock").SerializeToString(), Status(code=2).SerializeToString()
    twice = b"".join(b"\x7a" + as_varint(len(part)) + part for part in status)
    span = SpanMessage(trace_id=b"t" * 16, span_id=b"s" * 8, name="work").SerializeToString() + twice
    scope = b"\x12" + as_varint(len(span)) + span
    group = b"\x12" + as_varint(len(scope)) + scope
    body = b"\x0a" + as_varint(len(group)) + group
    [read_one] = read_spans(body, Encoding.PROTOBUF, are_signals=False)[0].spans

    assert (read_one.status_code, read_one.status_message) == (2, "no stock")
    assert (read_one.message.status.code, read_one.message.status.message) == (2, "no stock")
