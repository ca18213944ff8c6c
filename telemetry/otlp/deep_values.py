"""
Values that are nested too deep to be read: what is deeper than MAX_DEPTH is cut, and nothing else is lost.

Protobuf's parser refuses a message nested more than 100 deep, and a level of values is three. So one such value would
take a whole batch with it, which no client sends again.
https://protobuf.dev/programming-guides/encoding/#structure
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from telemetry.otlp.message_count import GROUP, GROUP_END, after_value, held_by, varint
from telemetry.otlp.utf8_repair import as_bytes

MAX_DEPTH = 30  # of lists and objects in a value
CUT = "..."
NESTED_VALUE = "nested_value"
# Parts of values of a request that are looked at one by one: further values are cut as a whole.
MOST_PARTS = 10_000
FEWEST_BYTES = 4 * MAX_DEPTH  # of what is too deep: a level is two messages or three, of two bytes at least
CUT_VALUE = AnyValue(string_value=CUT).SerializeToString()
NOTED: ContextVar[Counter[str]] = ContextVar("noted")
Piece = bytes | memoryview
Place = tuple[int, int]  # where something begins and ends
Change = tuple[int, int, int, list[Piece]]  # of a field: where it is, its tag and its new content


@contextmanager
def noted_cuts() -> Iterator[Counter[str]]:
    """Count the values that are cut within."""
    cuts = Counter[str]()
    token = NOTED.set(cuts)
    try:
        yield cuts
    finally:
        NOTED.reset(token)


def note_cut() -> None:
    """Count a value that is cut."""
    cuts = NOTED.get(None)
    if cuts is not None:
        cuts[NESTED_VALUE] += 1


def without_deep_values(body: bytes, request: Descriptor) -> bytes:
    """
    The message with CUT for what is nested deeper than MAX_DEPTH in its values. What is no protobuf stays as it is.

    `request`: the type of the message.
    """
    try:
        pieces = DeepValues(body, request).outside((0, len(body)), request, ())
    except LookupError:
        return body
    return body if pieces is None else b"".join(pieces)


class ValuesUsed(Exception):
    """The values of the request have more parts than are looked at one by one."""


class DeepValues:
    """The search for values that are too deep in a request, which stops before what protobuf can read."""

    def __init__(self, body: bytes, request: Descriptor) -> None:
        self.body = memoryview(body)
        self.request_class = as_bytes(request)[0]  # that reads text in any encoding
        self.left = MOST_PARTS

    def outside(self, place: Place, message: Descriptor, path: tuple[int, ...]) -> list[Piece] | None:
        """
        The message, which is no value, in pieces, with values cut; None if nothing is. Raises LookupError.

        `path`: the tags of the fields that lead to it.
        """
        changes = []
        for at, start, stop, tag in held_messages(self.body, place, message):
            inner_path = (*path, tag)
            if self.is_readable((start, stop), inner_path):
                continue
            inner = held_by(message)[tag]
            is_value = inner is AnyValue.DESCRIPTOR
            found = self.value((start, stop)) if is_value else self.outside((start, stop), inner, inner_path)
            changes += [(at, stop, tag, found)] if found is not None else []
        return self.changed(place, changes)

    def is_readable(self, place: Place, path: tuple[int, ...]) -> bool:
        """Whether protobuf reads what is there, where it is, alone."""
        start, stop = place
        if stop - start < FEWEST_BYTES:
            return True
        heads: list[bytes] = []
        size = stop - start
        for tag in reversed(path):
            heads.append(as_varint(tag) + as_varint(size))
            size += len(heads[-1])
        with suppress(DecodeError):
            self.request_class.FromString(b"".join([*reversed(heads), self.body[start:stop]]))
            return True
        return False

    def value(self, place: Place) -> list[Piece] | None:
        """The value in pieces, cut where it is too deep, or as a whole if the request has too much of that."""
        try:
            return self.inside(place, AnyValue.DESCRIPTOR, 1)
        except ValuesUsed:
            note_cut()
            return [CUT_VALUE]

    def inside(self, place: Place, message: Descriptor, depth: int) -> list[Piece] | None:
        """The same for a message in a value, which is so deep in it. Raises LookupError and ValuesUsed."""
        changes = []
        for at, start, stop, tag in held_messages(self.body, place, message):
            if message is AnyValue.DESCRIPTOR and depth > MAX_DEPTH:
                note_cut()
                return [CUT_VALUE]
            self.left -= 1
            if self.left < 0:
                raise ValuesUsed
            inner = held_by(message)[tag]
            found = self.inside((start, stop), inner, depth + (inner is AnyValue.DESCRIPTOR))
            changes += [(at, stop, tag, found)] if found is not None else []
        return self.changed(place, changes)

    def changed(self, place: Place, changes: Iterable[Change]) -> list[Piece] | None:
        """The message in that place with these fields changed; None if none is."""
        kept, end = place
        pieces: list[Piece] = []
        for at, stop, tag, found in changes:
            pieces += [self.body[kept:at], as_varint(tag), as_varint(sum(map(len, found))), *found]
            kept = stop
        return [*pieces, self.body[kept:end]] if pieces else None


def held_messages(
    body: memoryview, place: tuple[int, int], message: Descriptor
) -> Iterator[tuple[int, int, int, int]]:
    """Where each field with a message begins, its content begins and ends, and its tag. Raises LookupError."""
    position, end = place
    inner = held_by(message)
    while position < end:
        at = position
        tag, position = varint(body, position)
        if tag & 7 in (GROUP, GROUP_END):
            raise LookupError("a group, which OTLP has none of")
        if tag not in inner:
            position = after_value(body, position, tag & 7)
            continue
        size, start = varint(body, position)
        position = start + size
        if position <= end:
            yield at, start, position, tag
    if position > end:
        raise LookupError("a field that is longer than its message")


def as_varint(number: int) -> bytes:
    """The number as protobuf writes it."""
    written = bytearray()
    while number > 127:
        written.append(number & 127 | 128)
        number >>= 7
    return bytes([*written, number])
