"""
The AnyValue of OTLP/JSON: what real exporters write for a value must not fail a request.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from telemetry.json_fields import INT64, items, number_or_text, obj, string, text, whole

MAX_DEPTH = 30  # of nested values: each is three messages in a stored span, and protobuf reads 100


def key_values(data: dict[str, Any], name: str, depth: int = 0) -> list[KeyValue]:
    """A list of attributes."""
    pairs = [obj(item, name) for item in items(data, name)]
    return [KeyValue(key=text(pair, "key"), value=any_value(pair.get("value"), depth)) for pair in pairs]


def any_value(data: Any, depth: int = 0) -> AnyValue:
    """One value; an empty one for null, `{}` and kinds that OTLP does not know."""
    if depth > MAX_DEPTH:
        raise ValueError(f"values nest deeper than {MAX_DEPTH}")
    value = {} if data is None else obj(data, "value")
    for kind, item in value.items():
        if item is not None and kind in READERS:
            return READERS[kind](item, depth)
    return AnyValue()


def of_string(item: Any, depth: int) -> AnyValue:
    """stringValue."""
    return AnyValue(string_value=string(item, "stringValue"))


def of_bool(item: Any, depth: int) -> AnyValue:
    """boolValue."""
    if item not in (True, False, "true", "false"):
        raise ValueError("boolValue must be true or false")
    return AnyValue(bool_value=item in (True, "true"))


def of_int(item: Any, depth: int) -> AnyValue:
    """intValue; what no int64 holds (JavaScript's 1e21, a fraction) becomes a double."""
    number = whole(item, "intValue")
    is_exact = number in INT64 and (number == item or isinstance(item, str))
    return AnyValue(int_value=number) if is_exact else AnyValue(double_value=float(item))


def of_double(item: Any, depth: int) -> AnyValue:
    """doubleValue: a number, or "NaN", "Infinity", "-Infinity"."""
    try:
        return AnyValue(double_value=float(number_or_text(item)))
    except ValueError:
        raise ValueError("doubleValue must be a number") from None


def of_bytes(item: Any, depth: int) -> AnyValue:
    """bytesValue: base64, standard or URL-safe, with or without padding."""
    raw = string(item, "bytesValue").rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return AnyValue(bytes_value=base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True))
    except binascii.Error:
        raise ValueError("bytesValue must be base64") from None


def of_array(item: Any, depth: int) -> AnyValue:
    """arrayValue."""
    value = AnyValue()
    value.array_value.SetInParent()
    value.array_value.values.extend(
        any_value(entry, depth + 1) for entry in items(obj(item, "arrayValue"), "values")
    )
    return value


def of_key_values(item: Any, depth: int) -> AnyValue:
    """kvlistValue."""
    value = AnyValue()
    value.kvlist_value.SetInParent()
    value.kvlist_value.values.extend(key_values(obj(item, "kvlistValue"), "values", depth + 1))
    return value


READERS = {
    "stringValue": of_string,
    "boolValue": of_bool,
    "intValue": of_int,
    "doubleValue": of_double,
    "bytesValue": of_bytes,
    "arrayValue": of_array,
    "kvlistValue": of_key_values,
}
