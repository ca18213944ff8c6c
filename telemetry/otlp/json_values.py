"""
The attributes of OTLP/JSON. A value in a form that real exporters write must not make a request fail.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from telemetry.otlp.deep_values import CUT, MAX_DEPTH, note_cut
from telemetry.otlp.json_fields import items, number_or_text, obj, parse_integer, string

INT64 = range(-(1 << 63), 1 << 63)


def fill_attributes(message: Any, value: Any, name: str) -> None:
    """Put a list of attributes into the message's field `attributes`."""
    put_key_values(message.attributes, value, name, 0)


def put_key_values(pairs: Any, value: Any, name: str, depth: int) -> None:
    """Add a list of keys and values to the protobuf list."""
    add = pairs.add
    for item in items(value, name):
        pair = add()
        try:  # most values are strings
            pair.key, pair.value.string_value = item["key"], item["value"]["stringValue"]
        except (KeyError, TypeError):
            put_key_value(pair, obj(item, name), depth)


def put_key_value(pair: Any, data: dict[str, Any], depth: int) -> None:
    """Put a key and its value of any kind into the pair; either may be absent."""
    key, value = data.get("key"), data.get("value")
    if key is not None:
        pair.key = string(key, "key")
    if value is not None:
        put_value(pair.value, value, depth)


def put_value(message: Any, value: Any, depth: int) -> None:
    """Put one value into the message; `{}` and kinds that OTLP does not know leave it empty."""
    for kind, item in obj(value, "value").items():
        put = KINDS.get(kind)
        if put is not None and item is not None:
            put(message, item, depth)
            return


def put_string(message: Any, item: Any, depth: int) -> None:
    """Put a stringValue into the message."""
    message.string_value = string(item, "stringValue")


def put_bool(message: Any, item: Any, depth: int) -> None:
    """Put a boolValue into the message; its text, "true" or "false", is accepted."""
    if item not in (True, False, "true", "false"):
        raise ValueError("boolValue must be true or false")
    message.bool_value = item in (True, "true")


def put_int(message: Any, item: Any, depth: int) -> None:
    """Put an intValue into the message; what no int64 holds (JavaScript's 1e21, a fraction) becomes a double."""
    number = parse_integer(item, "intValue")
    if number in INT64 and (isinstance(item, str) or number == item):
        message.int_value = number
    else:
        message.double_value = float(item)


def put_double(message: Any, item: Any, depth: int) -> None:
    """Put a doubleValue into the message: a number, or "NaN", "Infinity", "-Infinity"."""
    try:
        message.double_value = float(number_or_text(item))
    except ValueError:
        raise ValueError("doubleValue must be a number") from None


def put_bytes(message: Any, item: Any, depth: int) -> None:
    """Put a bytesValue into the message: base64, standard or URL-safe, with or without padding."""
    raw = string(item, "bytesValue").rstrip("=").replace("-", "+").replace("_", "/")
    try:
        message.bytes_value = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        raise ValueError("bytesValue must be base64") from None


def put_array(message: Any, item: Any, depth: int) -> None:
    """Put an arrayValue into the message."""
    if depth >= MAX_DEPTH:
        put_cut(message)
        return
    array = message.array_value
    array.SetInParent()
    for value in nested_values(item, "arrayValue"):
        entry = array.values.add()
        if value is not None:
            put_value(entry, value, depth + 1)


def put_key_value_list(message: Any, item: Any, depth: int) -> None:
    """Put a kvlistValue into the message."""
    if depth >= MAX_DEPTH:
        put_cut(message)
        return
    pairs = message.kvlist_value
    pairs.SetInParent()
    put_key_values(pairs.values, nested_values(item, "kvlistValue"), "values", depth + 1)


def put_cut(message: Any) -> None:
    """Put into the message what stands for a list or an object that is nested too deep."""
    message.string_value = CUT
    note_cut()


def nested_values(item: Any, name: str) -> list[Any]:
    """Return the values in a list or object of values. Raises ValueError."""
    values = obj(item, name).get("values")
    return [] if values is None else items(values, "values")


KINDS = {
    "stringValue": put_string,
    "boolValue": put_bool,
    "intValue": put_int,
    "doubleValue": put_double,
    "bytesValue": put_bytes,
    "arrayValue": put_array,
    "kvlistValue": put_key_value_list,
}
