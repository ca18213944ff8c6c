"""A value that is nested too deep is cut, in either encoding and at every place; the rest of its request is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.otlp import deep_values
from telemetry.otlp.decode import Encoding, Undecodable, parse_export_request, read_export_request
from telemetry.otlp.decode_logs import read_logs_request
from telemetry.otlp.deep_values import CUT, MAX_DEPTH, NESTED_VALUE, as_varint
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import JSON, PROTOBUF, request, span

DEEP = (MAX_DEPTH + 1, 45, 60, 300)
PLACES = ("span", "event", "link", "resource", "scope")
TEXT, ARRAY, OBJECT = 1, 5, 6  # fields of a value
A_TRACE, A_SPAN = bytes(range(16)), bytes(range(8))


def field(number: int, content: bytes) -> bytes:
    """A field of protobuf that has a length."""
    return as_varint(number << 3 | 2) + as_varint(len(content)) + content


def value(kind: str, depth: int, text: bytes = b"leaf") -> bytes:
    """A value nested so deep, as protobuf, which the library itself refuses to write."""
    content = field(TEXT, text)
    for level in range(depth):
        is_list = kind == "lists" or (kind == "both" and level % 2)
        content = field(ARRAY, field(1, content)) if is_list else field(OBJECT, field(1, field(2, content)))
    return content


def in_json(kind: str, depth: int) -> dict[str, Any]:
    """The same value as OTLP/JSON."""
    content: dict[str, Any] = {"stringValue": "leaf"}
    for level in range(depth):
        is_list = kind == "lists" or (kind == "both" and level % 2)
        name, values = ("arrayValue", [content]) if is_list else ("kvlistValue", [{"value": content}])
        content = {name: {"values": values}}
    return content


def body(place: str, deep: bytes) -> bytes:
    """A request of two spans with the value at that place, as protobuf."""
    pair = field(1, b"deep") + field(2, deep)
    ids = field(1, A_TRACE) + field(2, A_SPAN) + field(5, b"chat")
    inner = {"span": field(9, pair), "event": field(11, field(3, pair)), "link": field(13, field(4, pair))}
    spans = field(2, ids + inner.get(place, b"")) + field(2, field(1, A_TRACE) + field(2, A_SPAN[::-1]))
    scope = field(1, field(3, pair)) if place == "scope" else b""
    resource = field(1, field(1, pair)) if place == "resource" else b""
    return field(1, resource + field(2, scope + spans))


def deepest(message: Any) -> tuple[int, str]:
    """How deep the value is nested, and the text that is innermost."""
    kind = message.WhichOneof("value")
    if kind in ("array_value", "kvlist_value"):
        first = getattr(message, kind).values[0]
        depth, text = deepest(first if kind == "array_value" else first.value)
        return depth + 1, text
    return 0, message.string_value


def value_at(place: str, message: ExportTraceServiceRequest) -> Any:
    """The value at that place."""
    group = message.resource_spans[0]
    scope = group.scope_spans[0]
    first = scope.spans[0]
    holders = {"span": [first], "event": first.events, "link": first.links}
    holder = {"resource": group.resource, "scope": scope.scope}.get(place) or holders[place][0]
    return holder.attributes[0].value


@pytest.mark.parametrize("kind", ["lists", "objects", "both"])
@pytest.mark.parametrize("depth", DEEP)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_too_deep_in_protobuf_is_cut(place: str, depth: int, kind: str) -> None:
    message, noted = read_export_request(body(place, value(kind, depth)), Encoding.PROTOBUF)

    found, text = deepest(value_at(place, message))
    if noted[NESTED_VALUE]:
        assert (found, text, noted[NESTED_VALUE]) == (MAX_DEPTH, CUT, 1)
    else:  # protobuf reads some that are deeper
        assert (found, text) == (depth, "leaf")
        assert depth < 50
    assert [each.name for each in message.resource_spans[0].scope_spans[0].spans] == ["chat", ""]


@pytest.mark.parametrize("kind", ["lists", "objects", "both"])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 60, 200])
def test_both_encodings_are_cut_alike(kind: str, depth: int) -> None:
    attribute = {"key": "deep", "value": in_json(kind, depth)}
    sent = request({"traceId": A_TRACE.hex(), "spanId": A_SPAN.hex(), "attributes": [attribute]})

    message, noted = read_export_request(json.dumps(sent).encode(), Encoding.JSON)

    assert noted[NESTED_VALUE] == 1
    assert deepest(value_at("span", message)) == (MAX_DEPTH, CUT)
    if depth >= 60:
        in_protobuf = parse_export_request(body("span", value(kind, depth)), Encoding.PROTOBUF)
        assert value_at("span", message) == value_at("span", in_protobuf)


def test_what_is_not_too_deep_stays() -> None:
    kept = body("span", value("both", MAX_DEPTH))

    message, noted = read_export_request(kept, Encoding.PROTOBUF)

    assert noted[NESTED_VALUE] == 0
    assert message == ExportTraceServiceRequest.FromString(kept)


def test_text_that_is_not_utf_8_beside_a_deep_value_is_repaired() -> None:
    bad = field(1, b"bad") + field(2, value("lists", 2, b"half \xed\xa0"))
    deep = field(1, b"deep") + field(2, value("objects", 90))
    spans = field(2, field(1, A_TRACE) + field(2, A_SPAN) + field(9, bad) + field(9, deep))

    message, noted = read_export_request(field(1, field(2, spans)), Encoding.PROTOBUF)

    first, second = message.resource_spans[0].scope_spans[0].spans[0].attributes
    assert noted[NESTED_VALUE] == 1
    assert (deepest(first.value)[0], deepest(second.value)) == (2, (MAX_DEPTH, CUT))
    assert deepest(first.value)[1].startswith("half \ufffd")


@pytest.mark.parametrize("where", ["body", "attribute"])
def test_a_log_record_keeps_the_rest(where: str) -> None:
    deep = value("objects", 80)
    content = field(5, deep) if where == "body" else field(6, field(1, b"deep") + field(2, deep))
    sent = field(1, field(2, field(2, content + field(3, b"ERROR"))))

    message, noted = read_logs_request(sent, Encoding.PROTOBUF)

    record = message.resource_logs[0].scope_logs[0].log_records[0]
    assert record.severity_text == "ERROR"
    assert noted[NESTED_VALUE] == 1
    assert deepest(record.body if where == "body" else record.attributes[0].value) == (MAX_DEPTH, CUT)


@pytest.mark.parametrize(
    "broken",
    [
        b"\x0a\xff\xff\xff\xff\x0f",  # longer than the body
        as_varint(99 << 3 | 3) * 200 + as_varint(99 << 3 | 4) * 200,  # groups in groups
        body("span", value("objects", 90))[:-3],
        body("span", value("objects", 90)) + b"\x0a",
    ],
)
def test_what_is_no_otlp_is_still_refused(broken: bytes) -> None:
    with pytest.raises(Undecodable):
        parse_export_request(broken, Encoding.PROTOBUF)


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
def test_the_other_spans_are_stored_and_the_ledger_tells(
    content_type: str, alice: MintedProject, call: Callable[..., Any]
) -> None:
    deep = {"key": "deep", "value": in_json("both", 70)}
    spans = [span("a", at=timezone.now()), span("b", at=timezone.now())]
    spans[0]["attributes"] = [deep]
    sent: Any = (
        body("span", value("both", 70)) if content_type == PROTOBUF else json.dumps(request(*spans)).encode()
    )

    answer = call("POST", "/v1/traces", alice.keys["producer"], sent, **{"Content-Type": content_type})

    assert (answer.status_code, answer.headers["X-LoopKit-Accepted"]) == (
        202 if content_type == JSON else 200,
        "2",
    )
    entries = call("GET", "/v1/ledger", alice.keys["agent"]).json()["entries"]
    assert {entry["reason"]: entry["count"] for entry in entries}[NESTED_VALUE] == 1


def test_of_many_deep_values_the_further_ones_are_cut_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deep_values, "MOST_PARTS", 150)  # 91 of a value
    pairs = b"".join(field(9, field(1, b"deep") + field(2, value("objects", 70))) for _ in range(3))
    flat = field(9, field(1, b"flat") + field(2, field(TEXT, b"kept" * 90)))
    spans = field(2, field(1, A_TRACE) + field(2, A_SPAN) + pairs + flat)

    message, noted = read_export_request(field(1, field(2, spans)), Encoding.PROTOBUF)

    *cut, kept = [each.value for each in message.resource_spans[0].scope_spans[0].spans[0].attributes]
    assert [deepest(each) for each in cut] == [(MAX_DEPTH, CUT), (0, CUT), (0, CUT)]
    assert kept.string_value == "kept" * 90
    assert noted[NESTED_VALUE] == 3
