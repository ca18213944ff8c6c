"""
OTLP's messages of traces with the parts of a span left as the bytes that were sent.

Protobuf writes a message in a field as it writes bytes, so that a body can be parsed either way. Most of the time that
the official messages take is spent on an object for each attribute, and one for its value, of which most say what
others said before (attribute_pairs.py). A part that is sent twice counts as both together, as protobuf merges them.
https://protobuf.dev/programming-guides/encoding/#submessages, .../#last-one-wins
"""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from telemetry.otlp.utf8_repair import with_dependencies

SHALLOW = frozenset({"ResourceSpans", "ScopeSpans", "Span"})
WALKED = "scope_spans"  # the field whose messages are parsed with the request, like those of `resource_spans`


def made_shallow(message: DescriptorProto) -> None:
    """Make each part of the message but WALKED a list of bytes."""
    for part in message.field:
        if part.type == FieldDescriptorProto.TYPE_MESSAGE and part.name != WALKED:
            part.type, part.label = FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.LABEL_REPEATED
            part.ClearField("type_name")


def shallow_pool() -> DescriptorPool:
    """The messages of OTLP's traces, made shallow."""
    pool = DescriptorPool()
    for file in with_dependencies(ExportTraceServiceRequest.DESCRIPTOR.file):
        copy = FileDescriptorProto()
        file.CopyToProto(copy)
        for message in copy.message_type:
            if message.name in SHALLOW:
                made_shallow(message)
        pool.Add(copy)
    return pool


def message_class(official: Any) -> Any:
    """The shallow class of an official message."""
    return GetMessageClass(POOL.FindMessageTypeByName(official.DESCRIPTOR.full_name))


POOL = shallow_pool()
# Resources, scopes and spans are bytes in it.
ShallowRequest: Any = message_class(ExportTraceServiceRequest)
# Attributes, events, links and the status are bytes in it.
ShallowSpan: Any = message_class(Span)
