"""Bodies of few bytes that would take much memory are refused before they are parsed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.otlp import json_envelope, message_count, otlp_json
from tests import captures

LIMIT = 100
REQUEST: Any = ExportTraceServiceRequest.DESCRIPTOR


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that small bodies reach."""
    monkeypatch.setattr(message_count, "MAX_FIELDS", LIMIT)
    monkeypatch.setattr(message_count, "MAX_STRUCTURAL", LIMIT)


def held(*tags: int, content: bytes) -> bytes:
    """Content inside messages inside messages."""
    for tag in reversed(tags):
        size = len(content)
        content = bytes([tag, size & 127 | 128, size >> 7]) + content
    return content


GROUP = b"\x7b\x0a\x7f\x7c"  # unknown, and what looks like a field of ours in it is none
DENSE = {
    "resources": held(content=b"\x0a\x00" * LIMIT * 2),
    "scopes": held(0x0A, content=b"\x12\x00" * LIMIT * 2),
    "spans": held(0x0A, 0x12, content=b"\x12\x00" * LIMIT * 2),
    "attributes": held(0x0A, 0x12, 0x12, content=b"\x4a\x00" * LIMIT * 2),
    "events": held(0x0A, 0x12, 0x12, content=b"\x5a\x00" * LIMIT * 2),
    "values": held(0x0A, 0x12, 0x12, 0x4A, 0x12, 0x2A, content=b"\x0a\x00" * LIMIT * 2),
    "unknown": held(content=b"\x78\x00" * LIMIT * 2),
    "unknown groups": held(content=b"\x7b\x7c" * LIMIT * 2),
    "tags of two bytes": held(0x0A, 0x12, content=b"\x92\x00\x00" * LIMIT * 2),
}


@pytest.mark.parametrize("shape", DENSE)
def test_a_dense_protobuf_body_is_refused(shape: str) -> None:
    with pytest.raises(message_count.TooManyParts):
        message_count.check_protobuf(DENSE[shape], REQUEST)


def test_many_bytes_in_few_fields_are_no_reason_to_refuse() -> None:
    message_count.check_protobuf(
        held(0x0A, 0x12, 0x12, content=held(0x2A, content=b"\x12\x00" * LIMIT * 5)), REQUEST
    )


@pytest.mark.parametrize(
    "levels", [["resourceSpans"], ["resourceSpans", "scopeSpans"], ["resourceSpans", "scopeSpans", "spans"]]
)
def test_json_with_too_many_spans_or_holders_is_refused_before_messages_are_made(
    levels: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_count, "MAX_SPANS", 10)
    monkeypatch.setattr(json_envelope, "fill", lambda *_: pytest.fail("a message was made"))
    data: Any = [{}] * 11
    for level in reversed(levels[1:]):
        data = [{level: data}]

    with pytest.raises(message_count.TooManyParts):
        otlp_json.parse_json_request(orjson.dumps({levels[0]: data}))


@pytest.mark.parametrize("broken", [b"\x0a\x7f", b"\xff" * 1000, b"\x0f", b"\x7c", b"\x79\x00", b"\x80"])
def test_what_is_no_protobuf_is_left_to_the_parser(broken: bytes) -> None:
    message_count.check_protobuf(held(0x22, content=bytes(LIMIT * 3)) + broken, REQUEST)


def test_broken_content_of_a_group_hides_nothing() -> None:
    hiding = b"\x7b\x0a\x01\x80\x7c"  # the parser takes an unknown group's content as it is
    ExportTraceServiceRequest.FromString(hiding)

    with pytest.raises(message_count.TooManyParts):
        message_count.check_protobuf(hiding + DENSE["spans"], REQUEST)


def sent_fields(message: Message) -> int:
    """The fields that are set, in all depths."""
    count = 0
    for field, value in message.ListFields():
        entries: list[Any] = list(value) if field.is_repeated else [value]
        count += len(entries) + sum(sent_fields(entry) for entry in entries if field.message_type)
    return count


@pytest.mark.parametrize("name", captures.NAMES)
def test_the_walk_meets_every_field_of_a_real_request(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    recorded = captures.requests(name)[0]
    is_json = "json" in recorded.headers["content-type"]
    parse = otlp_json.parse_json_request if is_json else ExportTraceServiceRequest.FromString
    monkeypatch.setattr(message_count, "MAX_STRUCTURAL", len(recorded.plain))
    request = parse(recorded.plain)

    assert len(list(message_count.walk_tags(request.SerializeToString(), REQUEST))) == sent_fields(request)


@pytest.mark.parametrize(
    "dense", ["[],", "{},", "[", '{"":', "7,", '"",', '{ "a" : 1 },', '["\\\\",', '"\\"",']
)
def test_a_dense_json_body_is_refused(dense: str) -> None:
    with pytest.raises(message_count.TooManyParts):
        message_count.check_json(dense.encode() * (LIMIT + 1))


@pytest.mark.parametrize("text", ["[{,", '\\"', '\\"{\\\\', '\\\\\\"['])
def test_what_stands_in_strings_is_not_counted(text: str) -> None:
    message_count.check_json(b'{"a":"' + text.encode() * LIMIT + b'","b":[1,2]}')


def test_the_parser_of_json_refuses_before_it_parses() -> None:
    with pytest.raises(message_count.TooManyParts):
        otlp_json.parse_json_request(b"[" * LIMIT * 2)
