"""Parts of protobuf that no client sends: in pieces, sent twice, unknown, nested to the limit, in many scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.ingest import read_spans
from telemetry.logs.log_spans import spans_of_logs
from telemetry.otlp import decode
from telemetry.otlp.decode import Encoding, decode_spans
from telemetry.otlp.decode_logs import parse_logs_request
from telemetry.otlp.deep_values import as_varint
from telemetry.scrubbing.limits import LONGEST_IN_HOLDER, MAX_ITEMS, MOST_HOLDER_BYTES
from tenants.keys.provisioning import MintedProject
from tests.telemetry.factory import PROTOBUF
from tests.telemetry.otlp.test_deep_values import body as deep_body
from tests.telemetry.otlp.test_deep_values import field, value

TOKEN = b"ghp_Ab3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fGh"  # made up
IDS = field(1, b"t" * 16) + field(2, b"s" * 8)
TEXT = field(1, b"text")
LONG = b"x" * 1_100_000
MOST_VALUE_BYTES = 1024 * 1024  # as LOOPKIT_MAX_VALUE_BYTES is by default
GROUPS = b"\x7b" * 100 + b"\x7c" * 100  # of unknown fields, one in the other


def pair(key: bytes, any_value: bytes) -> bytes:
    """A serialized KeyValue."""
    return field(1, key) + field(2, any_value)


def overlong(text: bytes) -> bytes:
    """A first field of text whose length takes a byte more than it must."""
    return bytes([0x0A, len(text) | 0x80, 0]) + text


def body_of(*spans: bytes, resource: bytes = b"", scope: bytes = b"") -> bytes:
    """A request of serialized spans."""
    return field(1, resource + field(2, scope + b"".join(field(2, span) for span in spans)))


def read(body: bytes) -> Any:
    """The spans that are read of a body, and the changes."""
    return read_spans(body, Encoding.PROTOBUF, are_signals=False)


RICH = (
    field(5, b"chat")
    + field(9, pair(b"a", TEXT))
    + field(9, pair(b"b", b"\x18\x07"))
    + field(11, field(2, b"event") + field(3, pair(b"c", TEXT)))
    + field(13, field(1, b"t" * 16) + field(2, b"s" * 8) + field(3, b"a=b"))
    + field(15, field(2, b"no stock") + b"\x18\x02")
)


@pytest.mark.parametrize(
    ("span", "holders"),
    [
        (field(5, TOKEN) + field(5, b"chat"), {}),
        (field(3, TOKEN) + field(3, b"a=b"), {}),
        (field(100, TOKEN), {}),
        (field(9, pair(b"a", field(1, TOKEN) + TEXT)), {}),
        (field(9, field(1, TOKEN) + pair(b"a", TEXT)), {}),
        (field(15, field(2, TOKEN)) + field(15, field(2, b"ok")), {}),
        (b"", {"resource": field(1, field(100, TOKEN))}),
        (b"", {"scope": field(1, field(100, TOKEN))}),
    ],
)
def test_a_secret_that_the_message_does_not_show_is_not_stored(
    span: bytes, holders: dict[str, bytes]
) -> None:
    [one] = read(body_of(IDS + span, **holders))[0].spans

    assert TOKEN not in one.content + one.origin.resource_message + one.origin.scope_message


TYPED = b"Zx81kQp0vLm3"  # made up
TYPED_VALUE = field(2, field(1, TYPED))


@pytest.mark.parametrize("name", [b"api_key", b"auth.token", b"access_token", b"password"])
@pytest.mark.parametrize("place", ["span", "event", "resource", "scope"])
@pytest.mark.parametrize(
    "written",
    [
        lambda name: field(1, name) + TYPED_VALUE,
        lambda name: TYPED_VALUE + field(1, name),
        lambda name: field(1, name) + b"\x18\x01" + TYPED_VALUE,
        lambda name: field(1, name) + b"\x1a\x00" + TYPED_VALUE,
        lambda name: field(1, name) + b"\x1d\x00\x00\x00\x00" + TYPED_VALUE,
        lambda name: field(1, b"x") + field(1, name) + TYPED_VALUE,
        lambda name: overlong(name) + TYPED_VALUE,
        lambda name: field(1, name) + b"\x92\x00" + TYPED_VALUE[1:],
        lambda name: field(1, name) + field(2, overlong(TYPED)),
    ],
)
def test_a_secret_is_found_however_its_pair_is_written(
    written: Callable[[bytes], bytes], place: str, name: bytes
) -> None:
    sent = written(name)
    span = {"span": field(9, sent), "event": field(11, field(2, b"event") + field(3, sent))}.get(place, b"")
    holders = {
        "resource": {"resource": field(1, field(1, sent))},
        "scope": {"scope": field(1, field(3, sent))},
    }
    decoded, changes = read(body_of(IDS + span, **holders.get(place, {})))
    [one] = decoded.spans

    assert TYPED not in one.content + one.origin.resource_message + one.origin.scope_message
    assert changes["redacted_value"] == 1


def test_an_argument_is_found_however_its_length_is_written() -> None:
    arguments = field(1, field(1, b"mysql")) + field(1, overlong(b"-p" + TYPED)) + field(1, field(1, b"shop"))
    [one] = read(body_of(IDS + field(9, pair(b"argv", field(5, arguments)))))[0].spans

    assert TYPED not in one.content


@pytest.mark.parametrize(
    ("part", "is_refused"),
    [
        (b"\x6a\x01\x07", True),  # a link that is no message
        (b"\x6a\x03\x1a\x01\xff", False),  # a link whose trace_state is not UTF-8
        (b"\x7a\x01\x12\x7a\x02\x01m", True),  # a field of a status in two parts
        (field(13, field(4, b"\x0a\x01")), True),
    ],
)
def test_what_is_accepted_can_be_read_where_it_is_stored(part: bytes, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(decode.Undecodable):
            read(body_of(IDS + part))
        return
    [one] = read(body_of(IDS + part))[0].spans

    assert SpanMessage.FromString(one.content).links


@settings(max_examples=150)
@given(st.integers(0, 10_000), st.integers(0, 7), st.integers(0, 10_000), st.integers(1, 255))
def test_no_change_of_bytes_makes_a_span_that_is_stored_and_cannot_be_read(
    first: int, bit: int, second: int, change: int
) -> None:
    body = bytearray(body_of(IDS + RICH, resource=field(1, field(1, pair(b"service.name", TEXT)))))
    body[first % len(body)] ^= 1 << bit
    body[second % len(body)] ^= change
    try:
        spans = read(bytes(body))[0].spans
    except (decode.Undecodable, decode.TooManySpans):
        return
    for span in spans:
        SpanMessage.FromString(span.content)
        ResourceSpans.FromString(span.origin.resource_message)
        ScopeSpans.FromString(span.origin.scope_message)


@pytest.mark.parametrize(
    ("span", "holders"),
    [
        (field(5, LONG) + field(5, b"chat"), {}),
        (field(3, LONG), {}),
        (field(4, LONG), {}),
        (field(100, LONG), {}),
        (field(13, field(1, LONG)), {}),
        (field(13, field(3, LONG)), {}),
        (field(15, field(2, LONG)) + field(15, field(2, b"ok")), {}),
        (field(9, pair(b"a", TEXT) + field(100, LONG)), {}),
        (b"", {"resource": field(1, field(1, pair(b"a", field(1, LONG))))}),
        (b"", {"resource": field(1, b"".join(field(1, pair(b"%d" % n, field(1, LONG))) for n in range(30)))}),
        (b"", {"resource": field(1, field(3, field(3, LONG)))}),
        (b"", {"resource": field(3, LONG)}),
        (b"", {"scope": field(1, field(1, LONG) + field(2, LONG))}),
    ],
)
def test_nothing_is_kept_that_is_longer_than_the_limits(span: bytes, holders: dict[str, bytes]) -> None:
    [one] = read(body_of(IDS + span, **holders))[0].spans

    assert len(one.content) < MOST_VALUE_BYTES + 1_000
    assert len(one.origin.resource_message) <= MOST_HOLDER_BYTES + LONGEST_IN_HOLDER
    assert len(one.origin.scope_message) <= MOST_HOLDER_BYTES


def test_a_long_resource_keeps_its_first_attributes() -> None:
    named = field(1, pair(b"service.name", field(1, b"shop")))
    others = (field(1, pair(b"%d" % number, field(1, b"x" * 1_000))) for number in range(200))
    decoded, changes = read(body_of(IDS, resource=field(1, named + b"".join(others))))
    kept = decoded.spans[0].origin.resource

    assert kept["service.name"] == "shop"
    assert 20 < len(kept) < 66
    assert changes["trimmed_item"] == 201 - len(kept)


def test_a_resource_in_pieces_has_no_more_attributes_than_a_whole_one() -> None:
    pieces = [
        field(1, b"".join(field(1, pair(b"%x" % number, TEXT)) for number in range(start, start + 100)))
        for start in range(0, 2 * MAX_ITEMS, 100)
    ]
    decoded, changes = read(body_of(IDS, resource=b"".join(pieces)))

    assert len(decoded.spans[0].origin.resource) == MAX_ITEMS
    assert changes["trimmed_item"] > 0


@pytest.mark.parametrize(
    "part",
    [
        field(11, field(3, pair(b"a", value("lists", 49))) + field(3, pair(b"a", TEXT))),
        field(9, pair(b"a", TEXT) + GROUPS),
        field(11, field(2, b"event") + GROUPS),
        field(15, field(2, b"no stock") + GROUPS),
        field(13, field(1, b"t" * 16) + GROUPS),
        *(
            field(9, pair(b"a", value(kind, depth)))
            for kind in ("lists", "objects")
            for depth in range(28, 52)
        ),
        *(field(11, field(3, pair(b"a", value("objects", depth)))) for depth in range(28, 52)),
    ],
)
def test_what_is_stored_can_be_read_also_as_an_event(part: bytes) -> None:
    try:
        spans = read(body_of(IDS + part))[0].spans
    except decode.Undecodable:
        return
    for span in spans:
        message = SpanMessage.FromString(span.content)
        event = SpanMessage(events=[SpanMessage.Event(attributes=message.attributes)]).SerializeToString()
        assert SpanMessage.FromString(event).events


@pytest.mark.django_db
@pytest.mark.parametrize("name", [b"gen_ai.user.message", b"exception"])
@pytest.mark.parametrize("is_log_first", [True, False])
def test_a_log_record_at_the_limit_of_depth_keeps_no_span_out(
    alice: MintedProject, call: Callable[..., Any], name: bytes, is_log_first: bool
) -> None:
    now = int(timezone.now().timestamp() * 1e9).to_bytes(8, "little")
    for number, depth in enumerate(range(44, 50)):
        ids = bytes([number + 1]) * 16, bytes([number + 1]) * 8
        span = field(1, ids[0]) + field(2, ids[1]) + field(5, b"chat") + b"\x39" + now + b"\x41" + now
        span += field(9, pair(b"gen_ai.operation.name", field(1, b"chat")))
        deep = value("objects", 1)
        for _ in range(depth):
            deep = field(5, field(1, deep))
        record = b"\x09" + now + b"\x10\x11" + field(9, ids[0]) + field(10, ids[1]) + field(12, name)
        record += (
            field(6, pair(b"exception.type", TEXT))
            + field(6, pair(b"exception.x", deep))
            + field(6, pair(b"content", deep))
        )
        sent = [("/v1/logs", field(1, field(2, field(2, record)))), ("/v1/traces", body_of(span))]
        for path, content in sent if is_log_first else reversed(sent):
            answer = call("POST", path, alice.keys["producer"], content, **{"Content-Type": PROTOBUF})
            assert answer.status_code == 200, (path, depth, answer.content)


def test_a_resource_is_read_once_however_many_scopes_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    whole = decode.read_resource
    monkeypatch.setattr(decode, "read_resource", lambda *sent: reads.append(1) or whole(*sent))
    resource = field(1, b"".join(field(1, pair(b"%x" % number, TEXT)) for number in range(900)))
    scopes = b"".join(
        field(2, field(1, field(1, b"scope %d" % number)) + field(2, IDS) * (number % 2))
        for number in range(200)
    )
    spans = decode_spans(field(1, resource + scopes)).spans

    assert len(reads) == 1
    assert len(spans) == 100 == len({span.origin.scope_name for span in spans})
    assert len({id(span.origin.resource_message) for span in spans}) == 1
    assert len({id(span.origin.resource) for span in spans}) == 1
    assert {"resource_id", "service"} <= spans[0].origin.__dict__.keys()


def test_log_records_of_many_scopes_share_their_resource() -> None:
    record = b"\x10\x11" + field(6, pair(b"exception.type", TEXT))
    scopes = b"".join(field(2, field(1, field(1, b"scope %d" % n)) + field(2, record)) for n in range(50))
    logs = parse_logs_request(field(1, field(1, field(1, pair(b"a", TEXT))) + scopes), Encoding.PROTOBUF)

    [group] = spans_of_logs(logs).records.resource_spans

    assert len(group.scope_spans) == 50


def test_bytes_that_end_too_early_are_refused() -> None:
    with pytest.raises(DecodeError):
        decode_spans(b"\x0a" + as_varint(100) + deep_body("span", value("lists", 3))[:20])
