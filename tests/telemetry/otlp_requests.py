"""What the protocol tests send: the same spans in either encoding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
Encode = Callable[[dict[str, Any]], Any]
ENCODINGS = pytest.mark.parametrize("encode", [dict, protobuf], ids=["json", "protobuf"])
CONTENT_TYPES = pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
PATHS = ["/v1/traces", "/v1/traces/", "/v1/logs", "/v1/logs/", "/v1/metrics", "/v1/metrics/"]
RETRYABLE = {429, 502, 503, 504}  # https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes


def spans(*ids: int) -> dict[str, Any]:
    """A request of these spans."""
    return request(*[span(id=n, at=NOW) for n in ids])


def kind(encode: Encode) -> dict[str, str]:
    """The Content-Type of what the encoding makes."""
    return {"Content-Type": PROTOBUF if encode is protobuf else JSON}


def failing(error: Exception) -> Callable[..., Any]:
    """A function that raises."""

    def fail(*given: Any, **named: Any) -> None:
        raise error

    return fail
