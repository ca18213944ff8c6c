"""Fixtures for spans in: a sender with alice's key, a reader, and a server that may be ill-treated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenants.keys.provisioning import MintedProject
from tests.server import Server, running
from tests.telemetry.factory import JSON, PROTOBUF

SMALL_LIMIT_BYTES = 1024 * 1024


@pytest.fixture
def send(call: Callable[..., Any], alice: MintedProject) -> Callable[..., Any]:
    """`send(data)`: POST /v1/traces with alice's producer key; a dict goes as JSON, bytes as protobuf."""

    def post(data: Any, content_type: str = "", **headers: str) -> Any:
        content_type = content_type or (PROTOBUF if isinstance(data, bytes) else JSON)
        sent = {"Content-Type": content_type, "content-type": content_type}  # the second for an empty body
        return call("POST", "/v1/traces", alice.keys["producer"], data, **sent, **headers)

    return post


@pytest.fixture
def record(call: Callable[..., Any], alice: MintedProject) -> Callable[[str], dict[str, Any]]:
    """A record by id, as an agent reads it."""

    def read(record_id: str) -> dict[str, Any]:
        answer = call("GET", f"/v1/telemetry?record_id={record_id}", alice.keys["agent"])
        [found] = answer.json()["records"]
        return dict(found)

    return read


@pytest.fixture(scope="session")
def sturdy_server(new_installation: Callable[[], Path]) -> Iterator[Server]:
    """A server of these tests' own: bodies up to SMALL_LIMIT_BYTES, and its workers may be killed."""
    limits = {"LOOPKIT_MAX_BODY_BYTES": str(SMALL_LIMIT_BYTES), "LOOPKIT_SANDBOX_SPANS": "100000"}
    with running(new_installation(), **limits) as started:
        yield started
