"""
A JSON object into a protobuf message, field by field: null is absent, unknown names are ignored, a wrong type
is a ValueError that says where.

What a message can hold is a table from JSON names to functions that put a value into it. Only what was sent costs time,
and messages are filled in place: building them apart and copying them in took four times as long.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Read = Callable[[Any, str], Any]  # of a JSON value and its name
Put = Callable[[Any, Any, str], None]  # into a message: a JSON value and its name
Fields = Mapping[str, Put]

NUMBER_OR_TEXT = (str, int, float)
UINT64 = range(1 << 64)
UINT32 = range(1 << 32)
INT32 = range(-(1 << 31), 1 << 31)


def fill(message: Any, data: dict[str, Any], fields: Fields) -> None:
    """Put what is known of the JSON object into the message."""
    for name, value in data.items():
        put = fields.get(name)
        if put is not None and value is not None:
            put(message, value, name)


def scalar(field: str, read: Read) -> Put:
    """A string, number, enumeration or id."""

    def put(message: Any, value: Any, name: str) -> None:
        setattr(message, field, read(value, name))

    return put


def one(field: str, fields: Fields) -> Put:
    """A message in the message."""

    def put(message: Any, value: Any, name: str) -> None:
        child = getattr(message, field)
        child.SetInParent()
        fill(child, obj(value, name), fields)

    return put


def many(field: str, fields: Fields) -> Put:
    """A list of messages."""

    def put(message: Any, value: Any, name: str) -> None:
        add = getattr(message, field).add
        for item in items(value, name):
            fill(add(), obj(item, name), fields)

    return put


def obj(value: Any, name: str) -> dict[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value


def items(value: Any, name: str) -> list[Any]:
    """The value, which must be a list."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def string(value: Any, name: str) -> str:
    """The value, which must be a string."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string")
    return value


def hexadecimal(value: Any, name: str) -> bytes:
    """An id in hex digits of any case."""
    try:
        return bytes.fromhex(string(value, name))
    except ValueError:
        raise ValueError(f"{name} must be hex digits") from None


def integer(bounds: range) -> Read:
    """A whole number; one out of the field's bounds counts as absent."""

    def read(value: Any, name: str) -> int:
        number = whole(value, name)
        return number if number in bounds else 0

    return read


def enumeration(names: Any) -> Read:
    """The number of an enumeration's value; its name, which OTLP/JSON forbids, is understood."""
    known: dict[Any, int] = dict(names.items())
    number = integer(INT32)

    def read(value: Any, name: str) -> int:
        return known[value] if isinstance(value, str) and value in known else number(value, name)

    return read


def whole(value: Any, name: str) -> int:
    """A decimal string or a number as an int, without a detour over float for strings."""
    try:
        return int(number_or_text(value))
    except ValueError:
        raise ValueError(f"{name} must be a whole number") from None


def number_or_text(value: Any) -> Any:
    """The value, unless it is of a type that is never a number: true is not 1."""
    if type(value) not in NUMBER_OR_TEXT:
        raise ValueError
    return value


uint32, uint64 = integer(UINT32), integer(UINT64)
