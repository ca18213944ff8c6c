"""
The key of an agent's call: a checksum of what it was asked for and one of what it returned, in one number.

Calls of one trace are compared by their keys, so that no content has to be read again when more of the trace comes. A
checksum of 32 bits is enough, as only calls of the same operation in the same trace are compared. It is CRC-32
(https://www.rfc-editor.org/rfc/rfc1952#section-8) of the content in a form that is equal for equal content, whatever
the order of its names. The keys are stored, so they may never change; those of answers with calls of tools had the ids
of these calls in them once, and are equal to no other.
"""

from __future__ import annotations

import json
import re
from typing import Any
from zlib import crc32

import orjson

from telemetry.conventions.content import tool_result
from telemetry.conventions.registry import Convention
from telemetry.spans.span import Span

TOOL_CALL, MODEL_CALL = "tool_call", "llm_call"
UNITS = frozenset({TOOL_CALL, "retrieval", MODEL_CALL})  # what an agent calls
JSON_BEGINNINGS = frozenset('{["')
HALF, HALF_MASK = 32, (1 << 32) - 1
# Of calls of tools in an answer, as JSON has them, or a repr.
CALLS = re.compile(r"['\"](?:tool_calls?|toolCalls?|tool[_-]use|function_call)['\"]")
CALL_ID = re.compile(
    r"['\"](?:id|tool_call_id|tool_call\.id|toolCallId|call_id|tool_use_id)['\"]\s*:\s*(?:\"[^\"]*\"|'[^']*')"
)
NOT_RECORDED = 0  # in place of a checksum


def call_key(span: Span, unit: str, convention: Convention | None) -> int | None:
    """
    The key of a span with this unit of work; None for a span that is no call of an agent.

    That of a model call has no checksum of what was asked: conversations are long, and where answers differ, which they
    mostly do, the question does not matter. `whole_key` tells the rest.
    """
    if unit not in UNITS or convention is None:
        return None
    result = result_checksum(convention.output_of(span), unit)
    return result if unit == MODEL_CALL else joined(content_checksum(convention.input_of(span)), result)


def answer_checksum(answer: Any) -> int:
    """
    The checksum of a model's answer as it was sent, since one client always writes the same answer in one way, without
    the ids of its calls, which are new in each.
    """
    if isinstance(answer, str):
        asks = ("tool" in answer or "function_call" in answer) and CALLS.search(answer)
        return text_checksum(CALL_ID.sub("", answer) if asks else answer)
    if answer is None:
        return NOT_RECORDED
    content = canonical_json(answer)
    return crc32(CALL_ID.sub("", content.decode()).encode() if b'"tool_call' in content else content) or 1


def whole_key(span: Span, unit: str, convention: Convention | None) -> int:
    """The key of a call from all of its content, also if a model was called."""
    if convention is None:
        return 0
    return joined(
        content_checksum(convention.input_of(span)), result_checksum(convention.output_of(span), unit)
    )


def joined(asked: int, result: int) -> int:
    """The key of these checksums, as a signed number of 64 bits."""
    return (asked - (asked >> 31 << HALF)) << HALF | result


def checksums(key: int) -> tuple[int, int]:
    """The two checksums in a key, of what was asked and of the result."""
    return key >> HALF & HALF_MASK, key & HALF_MASK


def result_checksum(result: Any, unit: str) -> int:
    """The checksum of what a call returned: of a tool, without the message around the result that names the call."""
    if unit == MODEL_CALL:
        return answer_checksum(result)
    is_bare = isinstance(result, str) and "tool_call_id" not in result and "type" not in result
    return content_checksum(tool_result(result) if unit == TOOL_CALL and not is_bare else result)


def content_checksum(content: Any) -> int:
    """The checksum of what was asked, or returned; NOT_RECORDED for None."""
    if not isinstance(content, str):
        return NOT_RECORDED if content is None else crc32(canonical_json(content)) or 1
    if content[:1] in JSON_BEGINNINGS:
        try:
            return crc32(orjson.dumps(orjson.loads(content), None, orjson.OPT_SORT_KEYS)) or 1
        except (orjson.JSONDecodeError, TypeError):
            pass
    return text_checksum(content)


def text_checksum(text: str) -> int:
    """The checksum of a text as it is."""
    return crc32(text.encode("utf-8", "surrogatepass")) or 1


def canonical_json(content: Any) -> bytes:
    """JSON that is equal for equal content, whatever the order of its names."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # surrogates, large numbers, deep nesting, values that JSON does not have
        return json.dumps(content, sort_keys=True, default=repr).encode()
