"""
A field of an OTLP/JSON object by name: absent and null are the default, a wrong type is a ValueError that says where.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from typing import Any

INT64 = range(-(1 << 63), 1 << 63)
UINT64 = range(1 << 64)
UINT32 = range(1 << 32)
INT32 = range(-(1 << 31), 1 << 31)


def obj(value: Any, place: str) -> dict[str, Any]:
    """The JSON object at that place."""
    if not isinstance(value, dict):
        raise ValueError(f"{place} must be an object")
    return value


def items(data: dict[str, Any], name: str) -> list[Any]:
    """The JSON list at that name; empty when absent or null."""
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def child(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The JSON object at that name; empty when absent or null."""
    value = data.get(name)
    return {} if value is None else obj(value, name)


def text(data: dict[str, Any], name: str) -> str:
    """The string at that name; "" when absent or null."""
    value = data.get(name)
    return "" if value is None else string(value, name)


def string(value: Any, place: str) -> str:
    """The value, which must be a string."""
    if not isinstance(value, str):
        raise ValueError(f"{place} must be a string")
    return value


def enumeration(data: dict[str, Any], name: str, names: Any) -> Any:
    """The number of an enumeration's value; its name, which OTLP/JSON forbids, is understood."""
    value = data.get(name)
    known: dict[Any, int] = dict(names.items())
    return known[value] if isinstance(value, str) and value in known else integer(data, name, INT32)


def integer(data: dict[str, Any], name: str, bounds: range) -> int:
    """The whole number at that name; 0 when absent, null or out of the field's bounds."""
    value = data.get(name)
    number = 0 if value is None else whole(value, name)
    return number if number in bounds else 0


def whole(value: Any, place: str) -> int:
    """A decimal string or a number as an int, without a detour over float for strings."""
    try:
        return int(number_or_text(value))
    except ValueError:
        raise ValueError(f"{place} must be a whole number") from None


def number_or_text(value: Any) -> int | float | str:
    """The value, unless it is of a type that is never a number: true is not 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    return value


def hexadecimal(data: dict[str, Any], name: str) -> bytes:
    """The id at that name; b"" when absent."""
    try:
        return bytes.fromhex(text(data, name))
    except ValueError:
        raise ValueError(f"{name} must be hex digits") from None
