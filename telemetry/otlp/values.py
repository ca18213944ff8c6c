"""
The conversion of OTLP's AnyValue into plain Python values, and of these into values that JSON can carry.

https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
"""

import base64
import math
from collections.abc import Sequence
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

MAX_NUMBER = 2.0**63  # PostgreSQL returns greater ones as whole numbers, which orjson does not write
MAX_DEPTH = 200  # of nested lists and objects; orjson writes 254, and an answer adds some levels
CUT = "..."
UNCHANGED = frozenset({str, int, bool, type(None)})


def python_value(value: AnyValue) -> Any:
    """Return the value as str, bool, int, float, bytes, list or dict; None for an empty value."""
    kind = value.WhichOneof("value")
    if kind == "string_value":
        return value.string_value
    if kind == "array_value":
        return [python_value(item) for item in value.array_value.values[:]]
    if kind == "kvlist_value":
        return plain_attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None


def plain_attributes(pairs: Sequence[KeyValue]) -> dict[str, Any]:
    """
    Return the attributes by key. Keys MUST be unique; where a sender repeats one, the last value is used.

    A copy is read, because protobuf ends a loop over its own list by an error, which it takes long to write.
    """
    # Strings, the most frequent values, and then whole numbers are tried first, because that is fastest.
    return {
        pair.key: (value := pair.value).string_value or value.int_value or python_value(value)
        for pair in pairs[:]
    }


def jsonable(value: Any, depth: int = 0) -> Any:
    """Return the value with what JSON lacks written as in OTLP/JSON: base64 bytes, "NaN", "Infinity"."""
    if type(value) in UNCHANGED:
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not -MAX_NUMBER < value < MAX_NUMBER:
        return spelled(value)
    if isinstance(value, (list, dict)) and depth >= MAX_DEPTH:
        return CUT
    if isinstance(value, list):
        return [jsonable(item, depth + 1) for item in value]
    if isinstance(value, dict):
        # Most items are text, which needs no call.
        return {key: item if type(item) is str else jsonable(item, depth + 1) for key, item in value.items()}
    return value


def spelled(number: float) -> str:
    """Return a number that JSON lacks, or that readers of JSON disagree about, as text."""
    if math.isnan(number):
        return "NaN"
    return repr(number).replace("inf", "Infinity")
