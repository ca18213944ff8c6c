"""
OTLP messages without their secrets: every field that holds text, as the message's own description lists them.

A field that a later version of OTLP adds is covered when its package is updated:
https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span

from telemetry.scrubbing.attributes import redact_attributes
from telemetry.scrubbing.bytes_as_text import bytes_of, text_of
from telemetry.scrubbing.texts import redacted_or_whole
from telemetry.scrubbing.work import Work

TEXTS = {FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES}
# Messages that are parts of a request themselves.
PARTS = {Resource.DESCRIPTOR, ScopeSpans.DESCRIPTOR, Span.DESCRIPTOR}
ID_BYTES = 16  # an id of this length or shorter holds no secret


class Fields(NamedTuple):
    """The names of a message's fields, by how they are scrubbed."""

    texts: tuple[str, ...]
    lists_of_texts: tuple[str, ...]
    attributes: tuple[str, ...]
    messages: tuple[str, ...]
    lists_of_messages: tuple[str, ...]


def redact(message: Message, work: Work) -> int:
    """Replace every secret in the message, but for the parts inside it, by MARK; returns how many there were."""
    fields = fields_of(message.DESCRIPTOR)
    count = sum(redact_field(message, name, work) for name in fields.texts)
    count += sum(redact_list(getattr(message, name), work) for name in fields.lists_of_texts)
    count += sum(redact_attributes(getattr(message, name), work) for name in fields.attributes)
    count += sum(redact(getattr(message, name), work) for name in fields.messages if message.HasField(name))
    return count + sum(
        redact(item, work) for name in fields.lists_of_messages for item in getattr(message, name)
    )


@cache
def fields_of(descriptor: Descriptor) -> Fields:
    """The fields of a kind of message."""
    names: dict[str, list[str]] = {name: [] for name in Fields._fields}
    for field in descriptor.fields:
        is_list = bool(field.is_repeated)
        if field.type in TEXTS:
            names["lists_of_texts" if is_list else "texts"].append(field.name)
        elif field.message_type is KeyValue.DESCRIPTOR:
            names["attributes"].append(field.name)
        elif field.message_type and field.message_type not in PARTS:
            names["lists_of_messages" if is_list else "messages"].append(field.name)
    return Fields(**{name: tuple(found) for name, found in names.items()})


def redact_field(message: Message, name: str, work: Work) -> int:
    """Replace the secrets in a field of text or bytes by MARK; returns how many there were."""
    original = getattr(message, name)
    clean, count = without_secrets(original, work)
    if count:
        setattr(message, name, clean)
    return count


def redact_list(items: Any, work: Work) -> int:
    """Replace the secrets in a list of texts by MARK; returns how many there were."""
    total = 0
    for position, original in enumerate(items):
        clean, count = without_secrets(original, work)
        if count:
            items[position] = clean
            total += count
    return total


def without_secrets(original: str | bytes, work: Work) -> tuple[str | bytes, int]:
    """The text, or the bytes, without secrets, and how many there were."""
    if isinstance(original, str):
        return redacted_or_whole(original, work)
    if len(original) <= ID_BYTES:
        return original, 0
    text, count = redacted_or_whole(text_of(original), work)
    return bytes_of(text), count
