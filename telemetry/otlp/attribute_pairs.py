"""
Attributes from the bytes in which they were sent: what short ones say is remembered, since most come again. So spans
share lists and objects, and nothing may change one.

A pair of bytes is what OTLP's KeyValue is on the wire: `\\n`, the length of the name and the name, then `\\x12`, the
length of the value and the value. A value that is text is `\\n`, its length and the text. Whatever is written otherwise
is read by protobuf's own parser. https://protobuf.dev/programming-guides/encoding/,
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.otlp.deep_values import FEWEST_BYTES, as_varint
from telemetry.otlp.values import python_value

Pair = tuple[str, Any]
LONGEST_PAIR = 64  # bytes of one that is remembered
MOST = 8192  # of each kind that are remembered
LONGEST_NAME = 127  # bytes, so that its length is one byte
LONGEST_TEXT = 4096  # bytes of one that is read here, with what stands before it
OF_VALUE = b"\x12"  # what stands before the length of the value
# Fields of a span, and the attributes of an event, as they are on the wire.
EVENT, LINK, STATUS, OF_EVENT = b"\x5a", b"\x6a", b"\x7a", b"\x1a"
_pairs: dict[bytes, Pair] = {}
_names: dict[bytes, str] = {}  # by all that stands before the length of the value
_numbers: dict[bytes, Any] = {}  # short values other than texts, by their length and themselves


def before_text(size: int) -> bytes:
    """What a text has before it if all of its value, with the length, has this size; of no text, what no value has."""
    for text in range(max(0, size - 6), size):
        head = as_varint(1 + len(as_varint(text)) + text) + b"\n" + as_varint(text)
        if len(head) + text == size:
            return head
    return b"\xff" * (size + 1)


BEFORE_TEXT = [before_text(size) for size in range(LONGEST_TEXT)]


def attributes_of(pairs: Iterable[bytes], is_sent: bool = False) -> dict[str, Any]:
    """
    The attributes of serialized KeyValues by key; of one that is sent twice, the last value. Raises DecodeError.

    `is_sent`: also for one that protobuf would write in other bytes, since bytes are searched for secrets.
    """
    known = _pairs.get
    try:
        return dict([known(pair) or read_pair(pair, is_sent) for pair in pairs])
    except UnicodeDecodeError as error:
        raise DecodeError("A text is not in UTF-8.") from error


def read_pair(pair: bytes, is_sent: bool) -> Pair:
    """The key and the value of a serialized KeyValue. Raises DecodeError and UnicodeDecodeError."""
    try:
        end = pair[1] + 3
        value = pair[end:]
        text = value.removeprefix(BEFORE_TEXT[len(value)])
        found = _names[pair[:end]], text.decode() if len(text) < len(value) else _numbers[value]
    except LookupError:  # unknown until now, too long, or written otherwise
        return parsed_pair(pair, is_sent)
    if len(pair) <= LONGEST_PAIR:
        remember(_pairs, pair, found)
    return found


def parsed_pair(pair: bytes, is_sent: bool) -> Pair:
    """The key and the value as protobuf's parser reads them; what of them helps to read others is remembered."""
    message = KeyValue.FromString(pair)
    key, plain = message.key, python_value(message.value)
    check_part(in_field(OF_EVENT, pair), EVENT)  # an attribute of a log record becomes one of an event
    if not is_as_written(message, pair, is_sent):
        return key, plain
    if len(pair) <= LONGEST_PAIR:
        remember(_pairs, pair, (key, plain))
    end = pair[1] + 3 if len(pair) > 1 else 0
    start, value = pair[:end], pair[end:]
    if is_start(start):
        remember(_names, start, start[2:-1].decode())
        is_whole = len(pair) <= LONGEST_PAIR and value[:1] == bytes([len(value) - 1])
        if is_whole and not isinstance(plain, list | dict):
            remember(_numbers, value, plain)
    return key, plain


def is_as_written(message: Message, part: bytes, is_sent: bool) -> bool:
    """Whether protobuf writes the message in these bytes. Raises DecodeError if it does not, and they were sent."""
    is_same = message.SerializeToString() == part
    if is_sent and not is_same:
        raise DecodeError("A part is not written as protobuf writes it.")
    return is_same


def only_part(parts: Sequence[bytes]) -> bytes:
    """A part of which there is one at most, or b"". Raises DecodeError for several, which protobuf makes one of."""
    if len(parts) > 1:
        raise DecodeError("A part is sent in pieces.")
    return parts[0] if parts else b""


def is_start(start: bytes) -> bool:
    """Whether this is a name of a pair with all that stands before the length of the value."""
    return start[:1] == b"\n" and len(start) == start[1] + 3 <= LONGEST_NAME + 3 and start.endswith(OF_VALUE)


def remember(known: dict[Any, Any], sent: Any, said: Any, most: int = MOST) -> None:
    """Remember what was sent so says. All of its kind is forgotten where there is too much."""
    if len(known) >= most:
        known.clear()
    known[sent] = said


def check_part(part: bytes, tag: bytes) -> None:
    """
    Raise DecodeError if protobuf's parser would not read the part in a span, where it is stored.

    The parser refuses what is nested too deep, which a part with fewer bytes is not.
    """
    if len(part) >= FEWEST_BYTES:
        Span.FromString(in_field(tag, part))


def in_field(tag: bytes, part: bytes) -> bytes:
    """The part as it is in the field with this tag."""
    return tag + as_varint(len(part)) + part
