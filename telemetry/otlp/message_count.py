"""
How many parts a body has, counted before it is parsed: a part takes two bytes to send and up to 200 to hold.

64 MiB of empty spans would become 5.6 GB of messages, and 64 MiB of `[[[[` 3.1 GB of lists. Bodies too small to hold so
many are not looked at, so requests of the usual size pay nothing.
https://protobuf.dev/programming-guides/encoding/#structure and https://www.rfc-editor.org/rfc/rfc8259#section-2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from google.protobuf.descriptor import Descriptor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MAX_FIELDS = 1_500_000  # of a protobuf request: 28,000 spans of 10 attributes; at most 270 MB of messages
MAX_STRUCTURAL = (
    3_000_000  # of a JSON request: 15,000 spans of 10 attributes; at most 300 MB of lists and objects
)
STRUCTURAL = (b"{", b"[", b",", b'"')
STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.S)
VARINT, FIXED64, LENGTH, GROUP, GROUP_END, FIXED32 = range(6)  # how a field is written
MAX_VARINT_BYTES = 10  # more is no number of 64 bits


class TooManyParts(ValueError):
    """The body would take too much memory once parsed."""

    def __init__(self) -> None:
        super().__init__("too many spans, attributes and values in one request; send batches of 512 spans")


def check_json(body: bytes) -> None:
    """TooManyParts for more than MAX_STRUCTURAL brackets, commas and quotes."""
    if len(body) <= MAX_STRUCTURAL or structural(body, 0, len(body)) <= MAX_STRUCTURAL:
        return
    count = at = 0
    for text in STRING.finditer(body):  # what stands inside strings is not structure
        count += 2 + structural(body, at, text.start())
        at = text.end()
        if count > MAX_STRUCTURAL:
            raise TooManyParts
    if count + structural(body, at, len(body)) > MAX_STRUCTURAL:
        raise TooManyParts


def structural(body: bytes, start: int, end: int) -> int:
    """The structural characters in that part of the body."""
    return sum(body.count(character, start, end) for character in STRUCTURAL) if start < end else 0


def check_protobuf(body: bytes) -> None:
    """TooManyParts for more than MAX_FIELDS; what is no protobuf is left to the parser."""
    if len(body) <= 2 * MAX_FIELDS:
        return
    try:
        fields = sum(1 for _ in islice(walk(body), MAX_FIELDS + 1))
    except LookupError:
        return
    if fields > MAX_FIELDS:
        raise TooManyParts


def walk(body: bytes) -> Iterator[int]:
    """The tag of every field, into those that hold messages. LookupError for what is no protobuf."""
    at = 0
    inside = [(len(body), held_by(ExportTraceServiceRequest.DESCRIPTOR))]  # where open messages end
    while inside:
        end, held = inside[-1]
        if at >= end:
            inside.pop()
            continue
        tag, at = varint(body, at)
        yield tag
        if tag & 7 == GROUP:  # of an unknown field: nothing in it becomes a message
            inside.append((end, {}))
        elif tag & 7 == GROUP_END:
            inside.pop()
        elif tag in held:
            size, at = varint(body, at)
            inside.append((at + size, held_by(held[tag])))
        else:
            at = after_value(body, at, tag & 7)


@cache
def held_by(message: Descriptor) -> dict[int, Descriptor]:
    """The fields of a message that hold messages, by tag."""
    inner = ((field.number, field.message_type) for field in message.fields)
    return {number << 3 | LENGTH: held for number, held in inner if held}


def after_value(body: bytes, at: int, way: int) -> int:
    """Where the value of a field ends."""
    if way == VARINT:
        return varint(body, at)[1]
    if way == LENGTH:
        size, at = varint(body, at)
        return at + size
    return at + {FIXED64: 8, FIXED32: 4}[way]


def varint(body: bytes, at: int) -> tuple[int, int]:
    """The number there, and where it ends."""
    value = 0
    for shift in range(0, 7 * MAX_VARINT_BYTES, 7):
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise IndexError("a number that never ends")
