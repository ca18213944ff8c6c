"""The JSON mapping: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.otlp import otlp_json
from telemetry.otlp.deep_values import CUT, MAX_DEPTH
from telemetry.otlp.values import python_value
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import JSON, record_id, request, span

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
FULL = request(
    span(
        at=NOW,
        traceState="a=b",
        flags=256,
        parentSpanId="00000000000000aa",
        attributes={"list": [1, {"deep": "yes"}]},
        events=[
            {"name": "e", "timeUnixNano": "7", "attributes": [{"key": "k", "value": {"boolValue": True}}]}
        ],
        links=[{"traceId": "0A" * 16, "spanId": "0b" * 8, "attributes": []}],
        status={"code": 2, "message": "broken"},
    ),
    scope={"name": "scope", "version": "1", "attributes": []},
)


def parsed(**fields: Any) -> Span:
    """The span of a request, with these fields of OTLP/JSON."""
    body = json.dumps(request(span(at=NOW) | fields)).encode()
    return otlp_json.parse_json_request(body).resource_spans[0].scope_spans[0].spans[0]


def value(data: Any) -> AnyValue:
    """The value of an attribute of that span."""
    return parsed(attributes=[{"key": "k", "value": data}]).attributes[0].value


@pytest.mark.parametrize("digits", ["0af7651916cd43dd8448eb211c80319c", "0AF7651916CD43DD8448EB211C80319C"])
def test_j1_ids_are_hex_in_any_case_also_in_links(digits: str) -> None:
    found = parsed(
        traceId=digits, parentSpanId=digits[:16], links=[{"traceId": digits, "spanId": digits[16:]}]
    )

    ids = (found.trace_id, found.parent_span_id, found.links[0].trace_id, found.links[0].span_id)
    raw = bytes.fromhex(digits)
    assert ids == (raw, raw[:8], raw, raw[8:])


def test_j2_unknown_fields_are_ignored_at_every_level() -> None:
    def extended(node: Any) -> Any:
        if isinstance(node, list):
            return [extended(item) for item in node]
        if isinstance(node, dict):
            return {
                "entirely_new": [{"x": 1}],
                **{key: extended(item) for key, item in node.items()},
                "newer": None,
            }
        return node

    assert otlp_json.parse_json_request(json.dumps(extended(FULL)).encode()) == otlp_json.parse_json_request(
        json.dumps(FULL).encode()
    )


def test_j2_snake_case_keys_are_unknown_fields() -> None:
    found = parsed(trace_state="a=b", start_time_unix_nano="5", parent_span_id="00" * 8)

    assert found == parsed()


def test_j3_enumerations_are_integers_and_unknown_ones_do_no_harm(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]]
) -> None:
    sent = [span(id=n, at=datetime.now(UTC), kind=kind, status={"code": code}) for n, (kind, code) in enumerate(
        [(2, 2), (99, 77), (-5, -1), (1 << 40, 1 << 40), ("SPAN_KIND_CLIENT", "STATUS_CODE_ERROR")]
    )]  # fmt: skip

    assert counts(send(request(*sent))) == (5, 0, 0)
    shown = [record(record_id(one)) for one in sent]
    assert [(one["kind"], one["status"]) for one in shown] == [
        ("server", "error"), *[("unspecified", "unset")] * 3, ("client", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize("time", ["1780000000123456789", 1780000000123456789])
def test_j4_64_bit_integers_are_strings_or_numbers_without_loss(time: str | int) -> None:
    found = parsed(startTimeUnixNano=time, events=[{"timeUnixNano": time}], attributes=[])

    assert found.start_time_unix_nano == found.events[0].time_unix_nano == 1780000000123456789
    assert value({"intValue": time}).int_value == 1780000000123456789


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"intValue": 1}, 1),
        ({"intValue": "-9223372036854775808"}, -(1 << 63)),
        ({"intValue": "9223372036854775807"}, (1 << 63) - 1),
        ({"intValue": 2.0}, 2),
        ({"intValue": 1e21}, 1e21),
        ({"intValue": "9223372036854775808"}, float(1 << 63)),
        ({"intValue": "1" + "0" * 400}, math.inf),
        ({"intValue": 1.5}, 1.5),
        ({"doubleValue": None}, None),
    ],
)
def test_j4_what_javascript_writes_never_fails_a_request(sent: dict[str, Any], expected: Any) -> None:
    assert python_value(value(sent)) == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"flags": 1 << 40},
        {"droppedAttributesCount": -1},
        {"startTimeUnixNano": str(1 << 64)},
        {"endTimeUnixNano": -1},
    ],
)
def test_j4_numbers_outside_their_field_count_as_absent(fields: dict[str, Any]) -> None:
    [name] = fields

    assert parsed(**fields) == parsed(**{name: 0})


def test_j5_doubles_and_bytes_in_every_spelling() -> None:
    assert python_value(value({"doubleValue": 1})) == 1.0
    assert python_value(value({"doubleValue": "Infinity"})) == math.inf
    assert python_value(value({"doubleValue": "-Infinity"})) == -math.inf
    assert math.isnan(python_value(value({"doubleValue": "NaN"})))
    for spelling in ("+/+/AA==", "-_-_AA==", "-_-_AA", "+/+/AA"):
        assert python_value(value({"bytesValue": spelling})) == b"\xfb\xff\xbf\x00"


@pytest.mark.parametrize(
    "empty", [None, {}, {"stringValue": None}, {"stringValueStrindex": 7}, {"newKind": [1]}]
)
def test_j6_null_and_unknown_kinds_are_the_empty_value(empty: Any) -> None:
    assert value(empty) == AnyValue()


def test_j6_null_is_as_good_as_absent_for_every_field() -> None:
    bare = {
        name: FULL["resourceSpans"][0]["scopeSpans"][0]["spans"][0][name] for name in ("traceId", "spanId")
    }
    names = [field.json_name for field in Span.DESCRIPTOR.fields if field.json_name not in bare]
    nulls = {"resourceSpans": [
        {"resource": None, "schemaUrl": None, "scopeSpans": [
            {"scope": None, "schemaUrl": None, "spans": [bare | dict.fromkeys(names)]}
        ]}
    ]}  # fmt: skip

    found = otlp_json.parse_json_request(json.dumps(nulls).encode()).resource_spans[0].scope_spans[0].spans[0]

    raw = {name: bytes.fromhex(digits) for name, digits in bare.items()}
    assert found == Span(trace_id=raw["traceId"], span_id=raw["spanId"])


def test_j6_values_nest() -> None:
    nested = {
        "kvlistValue": {
            "values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}}]
        }
    }

    assert python_value(value(nested)) == {"a": [1, None]}
    assert python_value(value({"arrayValue": {}})) == []
    assert python_value(value({"kvlistValue": {"values": None}})) == {}


@pytest.mark.parametrize("sent", [{}, {"status": {}}, {"status": {"code": 0}}, {"status": None}])
def test_j7_a_status_may_be_left_out(sent: dict[str, Any]) -> None:
    assert parsed(**sent).status.code == 0


@pytest.mark.parametrize("sent", [{}, {"parentSpanId": ""}, {"parentSpanId": "0" * 16}])
def test_j7_a_root_has_no_parent(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]], sent: dict[str, Any]
) -> None:
    root = span(at=datetime.now(UTC)) | sent
    send(request(root))

    assert record(record_id(root))["parent_span_id"] is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nonsense", b"[]", b"1", b'"text"', b"null", b"true", b'{"resourceSpans": [',
        b'{"a": NaN}', b'{"resourceSpans": [],}', b"\xff\xfe{}", '{"a": "\xe9"}'.encode("latin-1"),
        "{}".encode("utf-16"), b'{"a": ' + b"9" * 5000 + b"}", b"\x00", b"{}{}",
    ],
)  # fmt: skip
def test_j8_what_is_not_json_in_utf_8_is_400(send: Callable[..., Any], body: bytes) -> None:
    answer = send(body, JSON)

    assert (answer.status_code, status(answer)[0]) == (400, 3)


WRONG = {str: 7, int: [1], list: {"values": 1}, dict: "text", bool: [True]}


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every node of a request."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, item in inner for found in [(*path, key), *places(item, (*path, key))]]


@pytest.mark.parametrize("path", places(FULL), ids=lambda path: ".".join(map(str, path)))
def test_j8_a_wrong_type_is_refused_with_its_place(path: tuple[Any, ...]) -> None:
    broken = copy.deepcopy(FULL)
    node: Any = broken
    for key in path[:-1]:
        node = node[key]
    is_number = isinstance(path[-1], str) and path[-1].endswith(("Nano", "intValue"))  # written as strings
    node[path[-1]] = WRONG[int if is_number else type(node[path[-1]])]
    name = next(key for key in reversed(path) if isinstance(key, str))

    with pytest.raises(ValueError, match=name if name != "values" else "value|values"):
        otlp_json.parse_json_request(json.dumps(broken).encode())


@pytest.mark.parametrize(
    "field",
    [{"traceId": 7}, {"flags": "many"}, {"kind": True}, {"startTimeUnixNano": "1.5"}, {"name": 5}],
)
def test_j8_a_wrong_value_is_400_and_names_the_field(send: Callable[..., Any], field: dict[str, Any]) -> None:
    answer = send(request(span(at=NOW) | field))

    assert answer.status_code == 400
    assert next(iter(field)) in status(answer)[1]


@pytest.mark.parametrize(
    "wrong",
    [{"boolValue": 7}, {"boolValue": "yes"}, {"doubleValue": "x"}, {"doubleValue": False}, {"bytesValue": "!"},
     {"intValue": True}, {"intValue": "1.5"}, {"intValue": ""}, 0, "", []],
)  # fmt: skip
def test_j8_a_wrong_attribute_value_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"value|Value"):
        value(wrong)


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"resourceSpans":['])
def test_j8_deep_nesting_is_400_and_no_overflow(send: Callable[..., Any], opening: str) -> None:
    for levels in (200, 900, 10_000):
        answer = send((opening * levels).encode(), JSON)

        assert answer.status_code == 400


@pytest.mark.parametrize("wrap", [
    lambda inner: {"arrayValue": {"values": [inner]}},
    lambda inner: {"kvlistValue": {"values": [{"key": "k", "value": inner}]}},
], ids=["array", "kvlist"])  # fmt: skip
def test_j8_values_nest_so_deep_and_are_still_shown(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]], wrap: Callable[[Any], Any]
) -> None:
    deep: Any = {"stringValue": "bottom"}
    for _ in range(MAX_DEPTH):
        deep = wrap(deep)
    attributes = [{"key": "deep", "value": deep}]
    deepest = span(at=datetime.now(UTC), events=[{"name": "e", "attributes": attributes}]) | {
        "attributes": attributes
    }

    assert counts(send(request(deepest))) == (1, 0, 0)
    assert "bottom" in str(record(record_id(deepest))["events"][0])
    deeper = span(at=NOW) | {"attributes": [{"key": "deep", "value": wrap(deep)}]}
    assert counts(send(request(deeper))) == (1, 0, 0)
    kept = str(record(record_id(deeper))["attributes"])
    assert (CUT in kept, "bottom" in kept) == (True, False)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d", "?"),
        (r"\uDE00\uD83D", "??"),
        (r"\ud83d\ud83d\ude00\ude00", "?\U0001f600?"),
        (r"\\ud83d\ud83d", r"\ud83d?"),
        (r"\\\ud83d\n\u00e9\"", '\\?\n\xe9"'),
    ],
)
def test_j8_only_halves_without_their_other_half_are_replaced(sent: str, expected: str) -> None:
    body = rf'{{"resourceSpans": [{{"schemaUrl": "\udc00 {sent}"}}]}}'

    assert otlp_json.parse_json_request(body.encode()).resource_spans[0].schema_url == f"? {expected}"


def test_j8_lone_surrogates_are_stored_as_question_marks(
    send: Callable[..., Any], record: Callable[[str], dict[str, Any]]
) -> None:
    cut = span(id="cut", at=datetime.now(UTC), name="caf\ud83d", attributes={"text": "\udc00 and \U0001f600"})

    answer = send(json.dumps(request(cut)).encode(), JSON)

    assert counts(answer) == (1, 0, 0)
    shown = record(record_id(cut))
    assert (shown["name"], shown["attributes"]["text"]) == ("caf?", "? and \U0001f600")
