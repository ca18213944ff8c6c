"""
The repair of protobuf bodies whose text is not UTF-8: each broken character becomes U+FFFD, and no span is lost.

Protobuf's parser refuses the whole message, but not every exporter checks what it writes: JavaScript exporters for
browsers, up to 0.57, send half a character where an application cut a string, and C++ exporters send any bytes.
https://protobuf.dev/programming-guides/proto3/#scalar, https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

TEXT, BYTES = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES


def repaired_request(body: bytes, request_type: Descriptor) -> bytes:
    """Return the message with its text in UTF-8. Raises DecodeError when something else is wrong with it."""
    request_class, texts = as_bytes(request_type)
    request = request_class.FromString(body)
    repair_texts(request, texts)
    return request.SerializeToString()


@cache
def as_bytes(request_type: Descriptor) -> tuple[type[Message], frozenset[str]]:
    """
    Return a request's message with bytes fields for text fields, and the full names of the text fields.

    Text and bytes are encoded in the same way.
    """
    pool, texts = DescriptorPool(), set[str]()
    for file in with_dependencies(request_type.file):
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        for message in copy.message_type:
            texts.update(retyped(message, f"{copy.package}.{message.name}"))
        pool.Add(copy)
    return GetMessageClass(pool.FindMessageTypeByName(request_type.full_name)), frozenset(texts)


def with_dependencies(file: FileDescriptor) -> list[FileDescriptor]:
    """Return the file and all files that it imports, imported files first."""
    dependencies: dict[str, FileDescriptor] = {}
    for dependency in file.dependencies:
        dependencies |= {descriptor.name: descriptor for descriptor in with_dependencies(dependency)}
    return [*dependencies.values(), file]


def retyped(message: DescriptorProto, name: str) -> Iterable[str]:
    """Make the message's text fields bytes fields, also in nested types, and yield their full names."""
    for field in message.field:
        if field.type == TEXT:
            field.type = BYTES
            yield f"{name}.{field.name}"
    for nested in message.nested_type:
        yield from retyped(nested, f"{name}.{nested.name}")


def repair_texts(message: Message, texts: frozenset[str]) -> None:
    """Replace what is not UTF-8 in every text of the message. Protobuf bounds the depth of the recursion."""
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in [value] if isinstance(value, Message) else value:
                repair_texts(inner, texts)
        elif field.full_name in texts and isinstance(value, bytes):
            setattr(message, field.name, in_utf_8(value))
        elif field.full_name in texts:
            value[:] = [in_utf_8(text) for text in value]


def in_utf_8(text: bytes) -> bytes:
    """Return the text with U+FFFD for what is not UTF-8."""
    return text.decode("utf-8", "replace").encode()
