"""
The number of parts of a body, counted before it is parsed: a part takes two bytes to send and up to 200 in memory.

64 MiB of empty spans would become 5.6 GB of messages, and 64 MiB of `[[[[` 3.1 GB of lists. Bodies that are too small
for so many parts are not counted, so that requests of the usual size cost nothing extra.
https://protobuf.dev/programming-guides/encoding/#structure and https://www.rfc-editor.org/rfc/rfc8259#section-2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from google.protobuf.descriptor import Descriptor

# Fields of a protobuf request: 28,000 spans of 10 attributes; at most 270 MB of messages.
MAX_FIELDS = 1_500_000
# Structural characters of a JSON request: 15,000 spans of 10 attributes; at most 300 MB of lists and objects.
MAX_STRUCTURAL = 3_000_000
MAX_SPANS = 50_000  # in one request; exporters send 512, and a body of tiny spans must not fill the memory
STRUCTURAL = (b"{", b"[", b",", b'"')
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.S)
VARINT, FIXED64, LENGTH, GROUP, GROUP_END, FIXED32 = range(6)  # wire types of fields
MAX_VARINT_BYTES = 10  # a longer one is not a number of 64 bits


class TooManyParts(ValueError):
    """The body would take too much memory once parsed."""

    def __init__(self) -> None:
        super().__init__("too many spans, attributes and values in one request; send batches of 512 spans")


def check_json(body: bytes) -> None:
    """Raise TooManyParts for more than MAX_STRUCTURAL opening brackets, commas and quotes."""
    if len(body) <= MAX_STRUCTURAL or structural(body, 0, len(body)) <= MAX_STRUCTURAL:
        return
    count = position = 0
    for text in STRING.finditer(body):  # characters inside strings are not structural
        count += 2 + structural(body, position, text.start())
        position = text.end()
        if count > MAX_STRUCTURAL:
            raise TooManyParts
    if count + structural(body, position, len(body)) > MAX_STRUCTURAL:
        raise TooManyParts


def check_lists(data: dict[str, Any], names: tuple[str, str, str]) -> None:
    """
    Raise TooManyParts for more than MAX_SPANS resources and scopes, or records, in a request read from JSON.

    `names`: of the lists of resources, scopes and records.
    """
    of_resources, of_scopes, of_records = names
    groups = members(data, of_resources)
    holders, records = len(groups), 0
    for group in groups:
        scopes = members(group, of_scopes)
        holders += len(scopes)
        if holders > MAX_SPANS:
            raise TooManyParts
        records += sum(len(members(scope, of_records)) for scope in scopes)
        if records > MAX_SPANS:
            raise TooManyParts


def members(value: Any, name: str) -> list[Any]:
    """Return the list of that name in an object; an empty one for what is none, which is left to the parser."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def structural(body: bytes, start: int, end: int) -> int:
    """Return the number of structural characters in that part of the body."""
    return sum(body.count(character, start, end) for character in STRUCTURAL) if start < end else 0


def check_protobuf(body: bytes, request: Descriptor) -> None:
    """
    Raise TooManyParts for more than MAX_FIELDS fields; a body that is not protobuf is left to the parser.

    `request`: the type of the message.
    """
    if len(body) <= 2 * MAX_FIELDS:
        return
    try:
        fields = sum(1 for _ in islice(walk_tags(body, request), MAX_FIELDS + 1))
    except LookupError:
        return
    if fields > MAX_FIELDS:
        raise TooManyParts


def walk_tags(body: bytes, request: Descriptor) -> Iterator[int]:
    """Yield the tag of every field, also of fields in nested messages. Raises LookupError for invalid protobuf."""
    position = 0
    # Of each message that contains the position: its end, and its fields that hold messages.
    open_messages = [(len(body), held_by(request))]
    while open_messages:
        end, message_fields = open_messages[-1]
        if position >= end:
            open_messages.pop()
            continue
        tag, position = varint(body, position)
        yield tag
        if tag & 7 == GROUP:  # of an unknown field: nothing in it becomes a message
            open_messages.append((end, {}))
        elif tag & 7 == GROUP_END:
            open_messages.pop()
        elif tag in message_fields:
            size, position = varint(body, position)
            open_messages.append((position + size, held_by(message_fields[tag])))
        else:
            position = after_value(body, position, tag & 7)


@cache
def held_by(message: Descriptor) -> dict[int, Descriptor]:
    """Return the types of the fields of a message that hold messages, by tag."""
    fields = ((field.number, field.message_type) for field in message.fields)
    return {number << 3 | LENGTH: message_type for number, message_type in fields if message_type}


def after_value(body: bytes | memoryview, position: int, wire_type: int) -> int:
    """Return the position after the field's value that begins at `position`. Raises LookupError."""
    if wire_type == VARINT:
        return varint(body, position)[1]
    if wire_type == LENGTH:
        size, position = varint(body, position)
        return position + size
    return position + {FIXED64: 8, FIXED32: 4}[wire_type]


def varint(body: bytes | memoryview, position: int) -> tuple[int, int]:
    """Return the number that begins at the position, and the position after it. Raises LookupError."""
    value = 0
    for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
        byte = body[position]
        position += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, position
    raise IndexError(f"a varint of more than {MAX_VARINT_BYTES} bytes")
