"""
Protobuf bodies whose text is not UTF-8: each broken character becomes U+FFFD, and the other spans are not lost with it.

Protobuf's parser refuses the whole message, but not every exporter checks what it writes: JavaScript's for browsers,
up to 0.57, send half a character where an application cut a string, and C++ sends any bytes.
https://protobuf.dev/programming-guides/proto3/#scalar, https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TEXT, BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES


def mended(body: bytes) -> bytes:
    """The same message with text in UTF-8. DecodeError when something else is wrong with it."""
    request_class, texts = as_bytes()
    request = request_class.FromString(body)
    mend(request, texts)
    return request.SerializeToString()


@cache
def as_bytes() -> tuple[type[Message], frozenset[str]]:
    """ExportTraceServiceRequest with bytes for text, which are the same on the wire; and the fields that were text."""
    pool, texts = DescriptorPool(), set[str]()
    for file in with_dependencies(ExportTraceServiceRequest.DESCRIPTOR.file):
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        for message in copy.message_type:
            texts.update(retyped(message, f"{copy.package}.{message.name}"))
        pool.Add(copy)
    name = ExportTraceServiceRequest.DESCRIPTOR.full_name
    return GetMessageClass(pool.FindMessageTypeByName(name)), frozenset(texts)


def with_dependencies(file: FileDescriptor) -> list[FileDescriptor]:
    """The file and all that it imports, imported ones first."""
    found: dict[str, FileDescriptor] = {}
    for dependency in file.dependencies:
        found |= {each.name: each for each in with_dependencies(dependency)}
    return [*found.values(), file]


def retyped(message: DescriptorProto, name: str) -> Iterable[str]:
    """Make the message's text fields bytes, also in nested types; their full names."""
    for field in message.field:
        if field.type == TEXT:
            field.type = BYTES
            yield f"{name}.{field.name}"
    for nested in message.nested_type:
        yield from retyped(nested, f"{name}.{nested.name}")


def mend(message: Message, texts: frozenset[str]) -> None:
    """Replace what is not UTF-8 in every text of the message. Protobuf bounds how deep messages nest."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in [value] if isinstance(value, Message) else value:
                mend(inner, texts)
        elif field.full_name in texts and isinstance(value, bytes):
            setattr(message, field.name, in_utf_8(value))
        elif field.full_name in texts:
            value[:] = [in_utf_8(text) for text in value]


def in_utf_8(text: bytes) -> bytes:
    """The text, with U+FFFD for what is not UTF-8."""
    return text.decode("utf-8", "replace").encode()
