"""AnyValue as plain Python, and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from telemetry.otlp.values import jsonable, plain_attributes, python_value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AnyValue(), None),
        (AnyValue(string_value=""), ""),
        (AnyValue(string_value="text"), "text"),
        (AnyValue(bool_value=False), False),
        (AnyValue(bool_value=True), True),
        (AnyValue(int_value=0), 0),
        (AnyValue(int_value=-(1 << 63)), -(1 << 63)),
        (AnyValue(double_value=0.0), 0.0),
        (AnyValue(bytes_value=b""), b""),
        (AnyValue(array_value=ArrayValue()), []),
        (AnyValue(array_value=ArrayValue(values=[AnyValue(int_value=1), AnyValue()])), [1, None]),
        (AnyValue(kvlist_value=KeyValueList()), {}),
    ],
)
def test_every_kind_of_value_is_plain_as_an_attribute_and_in_a_list(value: AnyValue, expected: Any) -> None:
    read = [python_value(value), *plain_attributes([KeyValue(key="k", value=value)]).values()]

    assert read == [expected, expected]
    assert [type(item) for item in read] == [type(expected)] * 2


def test_of_a_repeated_key_the_last_value_wins_even_when_it_is_empty() -> None:
    pairs = [KeyValue(key="k", value=AnyValue(string_value="first")), KeyValue(key="k")]

    assert plain_attributes(pairs) == {"k": None}


def test_what_json_lacks_is_spelled_as_otlp_does() -> None:
    odd = {"bytes": b"\xfb\xff", "list": [math.inf, -math.inf, math.nan, 1.5], "deep": {"none": None}}

    assert jsonable(odd) == {
        "bytes": "+/8=",
        "list": ["Infinity", "-Infinity", "NaN", 1.5],
        "deep": {"none": None},
    }


@pytest.mark.parametrize("number", [2.0**63, -(2.0**63), 1e308])
def test_a_number_that_json_readers_disagree_about_is_text(number: float) -> None:
    assert jsonable(number) == repr(number)


def test_a_great_number_that_they_agree_about_stays() -> None:
    assert jsonable(2.0**62) == 2.0**62


def test_what_is_nested_too_deep_to_write_is_cut() -> None:
    deep = json.loads("[" * 900 + "]" * 900)

    written = orjson.dumps({"records": [{"capture": {"input": jsonable(deep)}}]})

    assert b'["..."]' in written
