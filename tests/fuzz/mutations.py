"""
A request with some of its nodes changed, so that it is still read and the change reaches what looks inside.

Bytes changed at random mostly break the framing, and then test nothing but the parser.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.otlp import otlp_json, otlp_json_logs
from tests.fuzz.seeds import as_json

MAX_CHANGES = 5
NUMBERS = (0, -1, 7, 10**9, 1 << 31, 1 << 32, (1 << 63) - 1, 1 << 63, 1 << 64, 10**40, 0.5, -0.0, 1e21, 1e308)
HARD = ("\x00", "a\x00b", "\ud83d", "\U0001f600" * 300, "9" * 5000)
TEXTS = (
    "", "\udc00x", "\U0001f600", "NaN", "-Infinity", "1e999", "9" * 40, "0x1f", "\u0661",
    " ", "\n", "\r\n\t", "null", "true", "True", "{", "[1", "{}", '{"a":', "[" * 500, '{"error": null}', "'", '"', "\\",
    "Traceback (most recent call last):\n", "Error: ", ": ", "http://[", "http://a:b@[::1", "//", "?", "%", "%zz",
    "exception", "error", "chat", "execute_tool", "invoke_agent", "TOOL", "LLM", "tool", "length", "x" * 3000,
)  # fmt: skip
SHAPES: tuple[Any, ...] = (
    None, True, False, [], {}, [[]], [None], {"values": []}, {"values": None}, {"values": [{}]},
    {"stringValue": ""}, {"intValue": "9223372036854775807"}, {"intValue": -1}, {"boolValue": True},
    {"doubleValue": "NaN"}, {"doubleValue": "Infinity"}, {"doubleValue": 1e300}, {"bytesValue": "AP8="},
    {"arrayValue": {"values": [{"intValue": 1}, {}]}}, {"kvlistValue": {"values": []}},
    {"kvlistValue": {"values": [{"key": "", "value": {"stringValue": "a"}}]}},
)  # fmt: skip
Bytes = Callable[[bytes], bytes]


def of_json(data: bytes, chance: random.Random, words: list[str], change: Bytes) -> bytes:
    """An OTLP/JSON body with some nodes changed; all of it changed as bytes if it is no JSON."""
    try:
        tree = [json.loads(data)]
    except (ValueError, RecursionError):
        return change(data)
    for _ in range(chance.randint(1, MAX_CHANGES)):
        found = list(places(tree))
        if found:
            changed(*chance.choice(found), chance, words, change)
    return json.dumps(tree[0] if tree else None).encode()


def of_protobuf(data: bytes, chance: random.Random, words: list[str], change: Bytes) -> bytes:
    """The same for a protobuf body, by way of JSON."""
    try:
        sent = as_json(ExportTraceServiceRequest.FromString(data))
        return otlp_json.parse_json_request(of_json(sent, chance, words, change)).SerializeToString()
    except (DecodeError, ValueError, RecursionError):
        return change(data)


def of_protobuf_logs(data: bytes, chance: random.Random, words: list[str], change: Bytes) -> bytes:
    """The same for a protobuf body of log records."""
    try:
        sent = as_json(ExportLogsServiceRequest.FromString(data))
        return otlp_json_logs.parse_json_logs(of_json(sent, chance, words, change)).SerializeToString()
    except (DecodeError, ValueError, RecursionError):
        return change(data)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every node, by what holds it and its key there."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in pairs:
        yield node, key
        yield from places(item)


def changed(holder: Any, key: Any, chance: random.Random, words: list[str], change: Bytes) -> None:
    """Change one node in place."""
    value = holder[key]
    way = chance.randrange(7)
    if way == 0 and isinstance(holder, list):
        holder[key:] = [value, *copy.deepcopy(holder[key:])]
    elif way == 1:
        del holder[key]
    elif way == 2:
        holder[key] = copy.deepcopy(chance.choice((*SHAPES, {"arrayValue": {"values": [value]}})))
    elif way == 3:
        number = chance.choice(NUMBERS)
        holder[key] = chance.choice((number, str(number)))
    elif isinstance(value, str):
        holder[key] = changed_text(value, chance, words, change)


def changed_text(value: str, chance: random.Random, words: list[str], change: Bytes) -> str:
    """Another word, more or less of it, or a change in the JSON that it holds."""
    way = chance.randrange(5)
    if way == 0:
        return chance.choice(words)
    if way == 1:
        return chance.choice(chance.choice((HARD, TEXTS)))
    if way == 2 and value[:1] in ("{", "["):
        return of_json(value.encode("utf-8", "replace"), chance, words, change).decode("utf-8", "replace")
    if way == 3:
        place = chance.randrange(len(value) + 1)
        return value[:place] + chance.choice(chance.choice((HARD, TEXTS))) + value[place:]
    return change(value.encode("utf-8", "replace")).decode("utf-8", "replace")


# How the inputs of a target are changed; of others, bytes alone.
MUTATE = {
    "json": of_json,
    "protobuf": of_protobuf,
    "json_logs": of_json,
    "protobuf_logs": of_protobuf_logs,
}
