"""
Metrics, which default set-ups send beside spans: taken without complaint, not stored, and agents are told.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from telemetry import ledger
from telemetry.api import otlp_body
from telemetry.models import Tally
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.telemetry.answers import status
from tests.telemetry.factory import JSON, PROTOBUF
from tests.telemetry.otlp_requests import CONTENT_TYPES, PATHS, failing

METRICS = pytest.mark.parametrize("path", [path for path in PATHS if "metrics" in path])


@pytest.mark.parametrize(("content_type", "content"), [(JSON, b"{}"), (PROTOBUF, b"")])
@METRICS
def test_b9_metrics_are_taken_and_not_kept(
    call: Callable[..., Any], alice: MintedProject, path: str, content_type: str, content: bytes
) -> None:
    answer = call("POST", path, alice.keys["producer"], b"x", **{"Content-Type": content_type})

    assert (answer.status_code, answer.content) == (200, content)
    assert (answer.headers["Content-Type"], answer.headers["X-LoopKit-Stored"]) == (content_type, "none")


def test_b9_the_ledger_counts_what_was_not_kept(call: Callable[..., Any], alice: MintedProject) -> None:
    for path in PATHS[4:]:
        call("POST", path, alice.keys["producer"], b"{}")

    with bind(alice.project):
        counted = dict(Tally.objects.values_list("reason", "count"))
    assert counted == {"metrics_not_stored": 2}
    assert {ledger.REASONS[reason].unit for reason in counted} == {"requests"}


@CONTENT_TYPES
@pytest.mark.parametrize("compression", ["gzip", "deflate", "zstd", "nonsense"])
@METRICS
def test_b9_what_is_not_kept_is_not_unpacked(
    call: Callable[..., Any],
    alice: MintedProject,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    content_type: str,
    compression: str,
) -> None:
    monkeypatch.setattr(otlp_body, "decompressed", failing(AssertionError("unpacked")))

    headers = {"Content-Type": content_type, "Content-Encoding": compression}
    answer = call("POST", path, alice.keys["producer"], gzip.compress(b"x"), **headers)

    assert answer.status_code == 200


@CONTENT_TYPES
@METRICS
def test_b9_what_is_not_kept_is_read_to_its_end_up_to_the_limit(
    call: Callable[..., Any], alice: MintedProject, settings: Any, path: str, content_type: str
) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 200_000
    key, headers = alice.keys["producer"], {"Content-Type": content_type}

    fits, over = [call("POST", path, key, b"x" * size, **headers) for size in (200_000, 200_001)]

    assert fits.status_code == 200
    assert fits.wsgi_request.read() == b""
    assert (over.status_code, status(over)[0]) == (413, 3)


@pytest.mark.parametrize("name", ["llms.txt", "agents.md", "quickstart.md"])
def test_b9_agents_are_told_what_becomes_of_logs_and_metrics(call: Callable[..., Any], name: str) -> None:
    text = call("GET", f"/{name}").content.decode()

    assert "/v1/logs" in text
    assert "metrics" in text.lower()
    assert "not stored" in text
