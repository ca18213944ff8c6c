"""Protobuf text that is not UTF-8 costs its span a character, not the batch its spans."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.otlp.utf8_repair import repaired_request
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import protobuf, record_id, request, span

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DESCRIPTOR: Any = ExportTraceServiceRequest.DESCRIPTOR
HALF = b"\xed\xa0\xbd"  # the first half of an emoji, as protobufjs writes it


@pytest.mark.parametrize("broken", [HALF, b"\xff\xfe\xfd", b"\xc3\x28x", b"\xe9\xe8\xe0"])
def test_m6_protobuf_text_that_is_not_utf_8_is_mended(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]], broken: bytes
) -> None:
    now = datetime.now(UTC)
    facts = {"NAM": "NAM", "list": ["NAM"], "map": {"NAM": "NAM"}}
    sent = span("NAM", id="odd", at=now, error="NAM", attributes=facts, events=[{"name": "NAM"}])
    data = protobuf(request(sent, span("ok", at=now), resource={"service.name": "NAM"}))

    answer = send(data.replace(b"NAM", broken))

    text = broken.decode("utf-8", "replace")
    assert counts(answer) == (2, 0, 0)
    shown = record(record_id(sent))
    assert (shown["name"], shown["service"], shown["events"][0]["name"]) == (text, text, text)
    assert shown["attributes"] == {text: text, "list": [text], "map": {text: text}}


@pytest.mark.parametrize("data", [b"\xff\xff", b"\x0a\x05ab", b"\x0a\x02\x12\x05"])
def test_a_message_that_is_broken_otherwise_stays_broken(send: Callable[..., Any], data: bytes) -> None:
    answer = send(data)

    assert (answer.status_code, status(answer)[0]) == (400, 3)
    with pytest.raises(DecodeError):
        repaired_request(data, DESCRIPTOR)


def test_a_message_in_utf_8_comes_out_as_it_was_with_fields_of_tomorrow() -> None:
    whole = ExportTraceServiceRequest.FromString(protobuf(request(span("größe", at=NOW))))
    data = whole.SerializeToString() + b"\xa2\x06\x03new"  # field 100, which nobody knows yet

    assert ExportTraceServiceRequest.FromString(
        repaired_request(data, DESCRIPTOR)
    ) == ExportTraceServiceRequest.FromString(data)
