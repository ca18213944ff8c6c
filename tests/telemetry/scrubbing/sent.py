"""Requests to scrub, and what scrubbing them left."""

from __future__ import annotations

import json
from typing import Any

from telemetry.otlp import otlp_json
from telemetry.otlp.values import plain_attributes
from telemetry.scrubbing.scrub import scrub
from tests.telemetry.factory import key_values, request

RANDOM = "aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA2cD4fG6hJ8k"  # 40 letters and digits of no meaning
HIDDEN = "hunter-two"  # a secret that only its name gives away


def sent(
    attributes: dict[str, Any] | None = None, resource: dict[str, Any] | None = None, **fields: Any
) -> Any:
    """A request of one span, as the official message."""
    span = {"traceId": "ab" * 16, "spanId": "cd" * 8, "attributes": key_values(attributes or {}), **fields}
    return otlp_json.parse_json_request(json.dumps(request(span, resource=resource)).encode())


def scrubbed(message: Any) -> dict[str, int]:
    """What one scrubbing counted; another one must find nothing and change nothing."""
    counted = dict(scrub(message, message.SerializeToString()))
    once = message.SerializeToString()
    assert scrub(message, once) == {}
    assert message.SerializeToString() == once
    return counted


def span_of(message: Any) -> Any:
    """The only span."""
    return message.resource_spans[0].scope_spans[0].spans[0]


def values_of(message: Any) -> dict[str, Any]:
    """The attributes of the only span."""
    return plain_attributes(span_of(message).attributes)
