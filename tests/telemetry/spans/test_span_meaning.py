"""What the data of a span means: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.models import Origin, Record
from telemetry.reads.record_parts import parts_of
from telemetry.windows import unix_nano
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.answers import counts, partial_success
from tests.telemetry.factory import any_value, key_values, protobuf, record_id, request, span, trace_id

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Read = Callable[[str], dict[str, Any]]
FURTHEST = (1 << 63) - 2


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        ({"traceId": "0" * 32}, "invalid trace_id"),
        ({"traceId": ""}, "invalid trace_id"),
        ({"traceId": "ab" * 15}, "invalid trace_id"),
        ({"traceId": "ab" * 17}, "invalid trace_id"),
        ({"spanId": "0" * 16}, "invalid span_id"),
        ({"spanId": None}, "invalid span_id"),
        ({"spanId": "ab" * 4}, "invalid span_id"),
    ],
)
@pytest.mark.parametrize("encode", [dict, protobuf], ids=["json", "protobuf"])
def test_m1_a_span_without_valid_ids_is_rejected_and_the_others_are_kept(
    send: Callable[..., Any], encode: Callable[..., Any], ids: dict[str, Any], reason: str
) -> None:
    answer = send(encode(request(span(id=1, at=NOW), span(id=2, at=NOW) | ids, span(id=3, at=NOW))))

    assert counts(answer) == (2, 0, 1)
    assert partial_success(answer) == (1, f"1 span: {reason}")


@pytest.mark.parametrize(
    ("field", "reason"), [("traceId", "invalid trace_id"), ("spanId", "invalid span_id")]
)
@pytest.mark.parametrize("text", ["zz" * 8, "not an id", "ab" * 15 + "g0", "é"])
def test_m1_an_id_that_is_no_hex_costs_its_own_span_alone(
    send: Callable[..., Any], field: str, reason: str, text: str
) -> None:
    answer = send(request(span(id=1, at=NOW), span(id=2, at=NOW) | {field: text}, span(id=3, at=NOW)))

    assert counts(answer) == (2, 0, 1)
    assert partial_success(answer) == (1, f"1 span: {reason}")


@pytest.mark.parametrize("parent", ["", "0" * 16, "ab" * 4, "ab" * 16])
def test_m1_a_parent_id_that_names_no_span_is_none(
    send: Callable[..., Any], record: Read, parent: str
) -> None:
    root = span(at=datetime.now(UTC)) | {"parentSpanId": parent}
    send(request(root))

    assert record(record_id(root))["parent_span_id"] is None


@pytest.mark.parametrize(
    ("start", "end", "stored_start", "duration_ms"),
    [
        (0, 0, 0, 0),
        (None, None, 0, 0),
        (5_000_000, 0, 5_000_000, 0),
        (0, 5_000_000, 5_000_000, 0),
        (9_000_000, 4_000_000, 9_000_000, 0),
        (1, FURTHEST, 1, 9223372036854.775),
        (1 << 63, (1 << 64) - 1, FURTHEST, 0),
        (253_402_300_800 * 10**9 // 30, 253_402_300_800 * 10**9 // 30, 253_402_300_800 * 10**9 // 30, 0),
    ],
)
def test_m2_times_of_every_kind_are_stored_and_shown(
    send: Callable[..., Any],
    record: Read,
    start: int | None,
    end: int | None,
    stored_start: int,
    duration_ms: float,
) -> None:
    odd = span(at=NOW) | {
        "startTimeUnixNano": start,
        "endTimeUnixNano": end,
        "events": [{"name": "e", "timeUnixNano": str(end or 0)}],
    }

    assert counts(send(request(odd, span(id="other", at=NOW)))) == (2, 0, 0)
    shown = record(record_id(odd))
    assert (shown["start_time_unix_nano"], shown["duration_ms"]) == (stored_start, duration_ms)
    assert shown["start_time"].endswith("Z")


def test_m2_durations_of_centuries_add_up_without_overflow(
    send: Callable[..., Any], alice: MintedProject
) -> None:
    longest = {"startTimeUnixNano": "1", "endTimeUnixNano": str(FURTHEST)}

    for batch in range(3):
        spans = [span(id=f"{batch}/{n}", at=NOW) | longest for n in range(3)]
        assert counts(send(request(*spans))) == (3, 0, 0)

    with bind(alice.project):
        assert Record.objects.count() == 9


def test_m3_of_repeated_keys_the_last_wins(send: Callable[..., Any], record: Read) -> None:
    pairs = [{"key": "twice", "value": any_value(value)} for value in ("first", "last")]
    repeated = span(at=datetime.now(UTC)) | {
        "attributes": pairs,
        "events": [{"name": "e", "attributes": pairs}],
    }
    send(protobuf(request(repeated, resource={"service.name": "shop"})))

    shown = record(record_id(repeated))

    assert shown["attributes"] == shown["events"][0]["attributes"] == {"twice": "last"}


def test_m3_of_repeated_json_names_the_last_wins(send: Callable[..., Any], record: Read) -> None:
    sent = span(at=datetime.now(UTC))
    data = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"first","traceId":"%s","spanId":"%s",'
    data += b'"startTimeUnixNano":"%d","name":"last"}]}]}]}'
    ids = (sent["traceId"].encode(), sent["spanId"].encode(), unix_nano(datetime.now(UTC)))
    send(data % ids, "application/json")

    assert record(record_id(sent))["name"] == "last"


@pytest.mark.parametrize("flags", [0, 1, 256, 257, 0x301, (1 << 32) - 1])
def test_m4_flags_are_kept(send: Callable[..., Any], alice: MintedProject, flags: int) -> None:
    send(
        request(span(at=NOW, flags=flags, links=[{"traceId": "0a" * 16, "spanId": "0b" * 8, "flags": flags}]))
    )

    message = stored_span(alice)

    assert (message.flags, message.links[0].flags) == (flags, flags)


def stored_span(alice: MintedProject) -> SpanMessage:
    """The one span of the project, as it was sent."""
    with bind(alice.project):
        (parts,) = parts_of(list(Record.objects.all()))
    return parts.span


FULL = {
    "traceState": "vendor=value",
    "droppedAttributesCount": 1,
    "droppedEventsCount": 2,
    "droppedLinksCount": 3,
    "events": [
        {"name": "cache miss", "timeUnixNano": str(unix_nano(NOW)), "droppedAttributesCount": 4,
         "attributes": key_values({"key": "A-7"})},
    ],
    "links": [
        {"traceId": "0a" * 16, "spanId": "0b" * 8, "traceState": "other=1", "droppedAttributesCount": 5,
         "attributes": key_values({"why": "retry"})},
    ],
    "status": {"code": 2, "message": "broken"},
}  # fmt: skip


@pytest.mark.parametrize("encode", [dict, protobuf], ids=["json", "protobuf"])
def test_m5_everything_that_was_sent_is_kept(
    send: Callable[..., Any], record: Read, alice: MintedProject, encode: Callable[..., Any]
) -> None:
    sent = span(at=datetime.now(UTC), attributes={"mixed": [1, 2.5, True, {"a": "b"}]}) | FULL
    group = {
        "resource": {
            "attributes": key_values({"service.name": "shop", "host": "h-1"}),
            "droppedAttributesCount": 6,
        },
        "schemaUrl": "https://schema.example/resource",
        "scopeSpans": [
            {
                "scope": {
                    "name": "lib",
                    "version": "2",
                    "attributes": key_values({"s": 1}),
                    "droppedAttributesCount": 7,
                },
                "schemaUrl": "https://schema.example/scope",
                "spans": [sent],
            }
        ],
    }
    send(encode({"resourceSpans": [group]}))

    shown = record(record_id(sent))
    assert shown["attributes"] == {"mixed": [1, 2.5, True, {"a": "b"}]}
    assert shown["resource"] == {
        "attributes": {"service.name": "shop", "host": "h-1"}, "schema_url": "https://schema.example/resource"
    }  # fmt: skip
    assert shown["scope"] == {
        "name": "lib", "version": "2", "attributes": {"s": 1}, "schema_url": "https://schema.example/scope"
    }  # fmt: skip
    assert [(event["name"], event["attributes"]) for event in shown["events"]] == [
        ("cache miss", {"key": "A-7"})
    ]
    assert shown["links"] == [
        {"trace_id": "0a" * 16, "span_id": "0b" * 8, "trace_state": "other=1", "attributes": {"why": "retry"}}
    ]

    message = stored_span(alice)
    dropped = (message.dropped_attributes_count, message.dropped_events_count, message.dropped_links_count)
    assert (message.trace_state, dropped) == ("vendor=value", (1, 2, 3))
    assert (message.events[0].dropped_attributes_count, message.links[0].dropped_attributes_count) == (4, 5)
    with bind(alice.project):
        messages = dict(Origin.objects.values_list("origin_id", "message"))
        row = Record.objects.get()
    resource = ResourceSpans.FromString(bytes(messages[row.resource_id])).resource
    scope = ScopeSpans.FromString(bytes(messages[row.scope_id])).scope
    assert (resource.dropped_attributes_count, scope.dropped_attributes_count) == (6, 7)


@pytest.mark.parametrize("encode", [dict, protobuf], ids=["json", "protobuf"])
def test_m6_nul_characters_harm_nothing(
    send: Callable[..., Any], record: Read, alice: MintedProject, encode: Callable[..., Any]
) -> None:
    odd = "a\x00b"
    facts = {odd: odd, "session.id": odd, "user.id": odd, "gen_ai.agent.name": odd, "gen_ai.tool.name": odd}
    sent = span(odd, at=datetime.now(UTC), error=odd, attributes=facts)

    assert counts(send(encode(request(sent, resource={"service.name": odd, "service.version": odd})))) == (
        1,
        0,
        0,
    )
    shown = record(record_id(sent))
    assert shown["attributes"]["a⟨U+0000⟩b"] == "a⟨U+0000⟩b"
    with bind(alice.project):
        texts = [value for value in Record.objects.values().get().values() if isinstance(value, str)]
    assert "ab" in texts
    assert not any("\x00" in value for value in texts)


def test_m6_half_characters_and_escaped_nul_in_json_harm_nothing(
    send: Callable[..., Any], record: Read
) -> None:
    cut = "half \ud83d, \udc00 other, \x00 nothing, whole \U0001f600"
    sent = span(
        "cut \ud83d",
        id="cut",
        at=datetime.now(UTC),
        error=cut,
        attributes={"session.id": cut, "text\udfff": cut},
    )

    answer = send(json.dumps(request(sent)).encode(), "application/json")

    assert counts(answer) == (1, 0, 0)
    shown = record(record_id(sent))
    assert (shown["name"], shown["session_id"]) == ("cut ?", "half ?, ? other,  nothing, whole \U0001f600")
    assert shown["attributes"]["text?"] == "half ?, ? other, ⟨U+0000⟩ nothing, whole \U0001f600"


def test_texts_longer_than_an_index_takes_are_cut_in_columns_and_whole_in_the_record(
    send: Callable[..., Any], record: Read
) -> None:
    long, name = "x" * 100_000, "x" * 16_000  # of a resource, no longer value is stored whole
    sent = span(trace="long", at=datetime.now(UTC) - timedelta(minutes=1), attributes={"session.id": long})
    send(request(sent, resource={"service.name": name}))

    shown = record(f"rec_{trace_id('long')}{sent['spanId']}")

    assert shown["attributes"]["session.id"] == long
    assert shown["resource"]["attributes"]["service.name"] == name
    assert 0 < len(shown["service"]) <= len(shown["session_id"]) < 1000
