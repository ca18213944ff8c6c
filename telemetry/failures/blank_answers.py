"""
Whether a recorded answer holds nothing but perhaps a refusal: no text, call of a tool, reasoning, image or sound.

Only the envelopes of answers are opened, by the keys that clients have for them: OpenTelemetry's messages, objects of
OpenAI, Anthropic, Gemini and Bedrock, LangChain's, Haystack's. What stands under any other key is content, so that a
structured answer such as `{"items": []}` is none that is empty. Copied into pytest files: the standard library alone.
"""

from __future__ import annotations

import json
from typing import Any

# Keys under which an answer stands, perhaps in further envelopes.
ENVELOPE_KEYS = frozenset(
    {
        "content", "contents", "text", "parts", "message", "messages", "choices", "output", "outputs", "replies",
        "generations", "candidates", "response", "kwargs", "additional_kwargs", "delta", "output_text",
    }
)  # fmt: skip
# Keys that say how, when or by which model it was answered.
META_KEYS = frozenset(
    {
        "role", "finish_reason", "finish_reasons", "finishReason", "stop_reason", "stopReason", "stop_sequence",
        "native_finish_reason", "done_reason", "done", "index", "id", "_meta", "created", "created_at", "createdAt",
        "model", "model_name", "modelVersion", "responseId", "system_fingerprint", "service_tier", "status", "usage",
        "usage_metadata", "usageMetadata", "token_usage", "meta", "metadata", "response_metadata", "providerMetadata",
        "provider_metadata", "generation_info", "llm_output", "annotations", "logprobs", "event", "lc", "run",
        "example", "safetyRatings", "safety_ratings", "provider", "incomplete_details", "refusal",
        "error", "timestamp", "citations", "metrics",
    }
)  # fmt: skip
# Types of parts that are texts, and of the objects around them. A part of another type is content by itself.
TEXT_TYPES = frozenset(
    {
        "text", "output_text", "message", "ai", "aimessage", "aimessagechunk", "assistant", "constructor",
        "chatgeneration", "chatgenerationchunk", "generation", "llmresult", "model", "text_content", "refusal",
    }
)  # fmt: skip
# Keys that an envelope has with or without a value: calls, reasoning, other media.
NULLABLE_KEYS = frozenset(
    {
        "tool_calls", "toolCalls", "function_call", "tool_call", "invalid_tool_calls", "tool_call_chunks",
        "audio", "images", "reasoning", "reasoning_content", "thinking", "reasoning_details", "name", "parsed",
        "tool_call_id",
    }
)  # fmt: skip
LONGEST_BLANK = 20_000  # characters of an answer that may be empty, with all of its envelopes
MOST_BLANK_PARTS = 500


def holds_nothing(answer: Any) -> bool:
    """Whether the recorded answer is blank, or an envelope without a content."""
    if answer is None or (isinstance(answer, str) and len(answer) > LONGEST_BLANK):
        return False
    parts = [json_inside(answer)]
    for number, part in enumerate(parts):
        if number >= MOST_BLANK_PARTS:
            return False
        if isinstance(part, dict):
            inner = inside_envelope(part)
            if inner is None:
                return False
            parts += inner
        elif isinstance(part, list):
            parts += part
        elif part is not None and not (isinstance(part, str) and not part.strip()):
            return False
    return True


def inside_envelope(envelope: dict[str, Any]) -> list[Any] | None:
    """The values in which an answer may stand; None if something beside them is content."""
    inner: list[Any] = []
    for key, value in envelope.items():
        if key in ENVELOPE_KEYS:
            inner.append(value)
        elif key == "type":
            if isinstance(value, str) and value.lower() not in TEXT_TYPES:
                return None
        elif key == "object":
            if not isinstance(value, str):
                return None
        elif key not in META_KEYS and (value or key not in NULLABLE_KEYS):
            return None
    return inner


def json_inside(text: Any) -> Any:
    """The JSON in a text that begins as an object or a list does; any other value as it is."""
    if not isinstance(text, str) or text[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
