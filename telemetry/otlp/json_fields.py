"""
Protobuf messages filled from JSON objects, field by field. null means absent, unknown names are ignored, and a value of
a wrong type raises a ValueError that names the field.

The fields of a message are a table from JSON names to functions that put a value into the message. Only fields that
were sent cost time, and messages are filled in place: to build them separately and copy them took four times as long.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Read = Callable[[Any, str], Any]  # from a JSON value and its name to the value of the field
Put = Callable[[Any, Any, str], None]  # of a message, a JSON value and its name
Fields = Mapping[str, Put]

NUMBER_OR_TEXT = (str, int, float)
UINT64 = range(1 << 64)
UINT32 = range(1 << 32)
INT32 = range(-(1 << 31), 1 << 31)


def fill(message: Any, data: dict[str, Any], fields: Fields) -> None:
    """Put the known fields of the JSON object into the message."""
    for name, value in data.items():
        put = fields.get(name)
        if put is not None and value is not None:
            put(message, value, name)


def scalar(field: str, read: Read) -> Put:
    """Return a function that puts a string, number, enumeration value or id into the field."""

    def put(message: Any, value: Any, name: str) -> None:
        setattr(message, field, read(value, name))

    return put


def one(field: str, fields: Fields) -> Put:
    """Return a function that fills the field with one message."""

    def put(message: Any, value: Any, name: str) -> None:
        child = getattr(message, field)
        child.SetInParent()
        fill(child, obj(value, name), fields)

    return put


def many(field: str, fields: Fields) -> Put:
    """Return a function that fills the field with a list of messages."""

    def put(message: Any, value: Any, name: str) -> None:
        add = getattr(message, field).add
        for item in items(value, name):
            fill(add(), obj(item, name), fields)

    return put


def obj(value: Any, name: str) -> dict[str, Any]:
    """Return the value, which must be an object. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object")
    return value


def items(value: Any, name: str) -> list[Any]:
    """Return the value, which must be a list. Raises ValueError."""
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def string(value: Any, name: str) -> str:
    """Return the value, which must be a string. Raises ValueError."""
    if not isinstance(value, str):
        raise ValueError(f"{name} must be a string")
    return value


def hexadecimal(value: Any, name: str) -> bytes:
    """
    Return the bytes of an id in hex digits, upper or lower case; b"" for other texts, which are no id.

    So a span with such an id is rejected for itself, and does not take the others of its request with it.
    """
    text = string(value, name)
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def integer(bounds: range) -> Read:
    """Return a function that reads a whole number; one out of the field's bounds counts as absent, which is 0."""

    def read(value: Any, name: str) -> int:
        number = parse_integer(value, name)
        return number if number in bounds else 0

    return read


def enumeration(names: Any) -> Read:
    """Return a function that reads an enumeration value by its number, or by its name, which OTLP/JSON forbids."""
    numbers: dict[Any, int] = dict(names.items())
    number = integer(INT32)

    def read(value: Any, name: str) -> int:
        return numbers[value] if isinstance(value, str) and value in numbers else number(value, name)

    return read


def parse_integer(value: Any, name: str) -> int:
    """Return a decimal string or a number as an int; strings are converted exactly. Raises ValueError."""
    try:
        return int(number_or_text(value))
    except ValueError:
        raise ValueError(f"{name} must be a whole number") from None


def number_or_text(value: Any) -> Any:
    """Return the value, which must be a string or a number; true is not 1. Raises ValueError."""
    if type(value) not in NUMBER_OR_TEXT:
        raise ValueError
    return value


uint32, uint64 = integer(UINT32), integer(UINT64)
