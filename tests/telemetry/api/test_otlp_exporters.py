"""
What real exporters do with an answer, as properties of ours: docs/protocol.md names exporters and versions.

Retries: https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError

from loopkit.schemas import openapi_document
from tenants.keys.provisioning import MintedProject
from tenants.stores.project_file import OutdatedFile
from tests.telemetry.answers import counts, partial_success, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span
from tests.telemetry.otlp_requests import (
    CONTENT_TYPES,
    ENCODINGS,
    NOW,
    PATHS,
    RETRYABLE,
    Encode,
    failing,
    kind,
    spans,
)

EXPORT_TIMEOUT_SECONDS = 10  # every exporter's default; after it the batch is sent again


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_b1_no_otlp_answer_is_429_which_old_python_exporters_drop(path: str) -> None:
    documented = set(openapi_document()["paths"][path]["post"]["responses"])

    assert "503" in documented
    assert "429" not in documented


@ENCODINGS
def test_b1_a_spent_quota_is_final(
    call: Callable[..., Any], make_project: Callable[..., MintedProject], encode: Encode
) -> None:
    full = make_project(quota_spans=3)

    def post(*ids: int) -> Any:
        return call("POST", "/v1/traces", full.keys["producer"], encode(spans(*ids)), **kind(encode))

    fits, part, over, again = post(1, 2), post(2, 3, 4, 4), post(5), post(1, 2, 3)

    assert (counts(fits), counts(part), counts(again)) == ((2, 0, 0), (1, 1, 2), (0, 3, 0))
    assert partial_success(part) == (2, "2 spans: over_quota")
    assert (over.status_code, status(over)[0]) == (403, 7)
    assert over.status_code not in RETRYABLE
    assert "quota_exceeded" in status(over)[1]
    assert (again.status_code, partial_success(again)) == (fits.status_code, None)


def test_b1_the_same_new_span_twice_over_the_quota_is_no_duplicate(
    call: Callable[..., Any], make_project: Callable[..., MintedProject]
) -> None:
    full = make_project(quota_spans=1)
    call("POST", "/v1/traces", full.keys["producer"], spans(1))

    answer = call("POST", "/v1/traces", full.keys["producer"], spans(2, 2))

    assert answer.status_code == 403


FAULTS = [
    OperationalError("database is locked"),
    OperationalError("database or disk is full"),
    OperationalError("disk I/O error"),
    OperationalError("unable to open database file"),
    DatabaseError("database disk image is malformed"),
    DatabaseError("file is not a database"),
    OutdatedFile("run manage.py migrate_projects"),
]


@ENCODINGS
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("place", ["telemetry.api.otlp_views.ingest", "tenants.api.project_view.bind"])
def test_b2_no_fault_of_a_store_is_a_500_which_loses_the_batch(
    send: Callable[..., Any], encode: Encode, monkeypatch: pytest.MonkeyPatch, fault: Exception, place: str
) -> None:
    monkeypatch.setattr(place, failing(fault))

    assert send(encode(spans(1))).status_code in RETRYABLE


@ENCODINGS
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_b3_every_503_asks_for_less_patience_than_exporters_have(
    send: Callable[..., Any], encode: Encode, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr("telemetry.api.otlp_views.ingest", failing(fault))

    answer = send(encode(spans(1)))

    assert answer.status_code == 503
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


@pytest.mark.parametrize("path", [*PATHS, "//v1/traces", "/v1/traces//", "/v1/traces/x", "/v1", "/V1/TRACES"])
@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "OPTIONS"])
def test_b4_nothing_redirects(
    call: Callable[..., Any], alice: MintedProject, settings: Any, path: str, method: str
) -> None:
    settings.LOOPKIT_PUBLIC_URL = "https://loopkit.example.com"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    for content_type in (JSON, PROTOBUF):
        headers = {"Content-Type": content_type, "X-Forwarded-Proto": "http"}
        answer = call(method, path, alice.keys["producer"], b"{}", **headers)

        assert answer.status_code in {200, 202, 400, 404, 405}
        assert "Location" not in answer.headers


@ENCODINGS
def test_b5_a_request_without_rejected_spans_has_no_partial_success_which_exporters_log(
    send: Callable[..., Any], encode: Encode
) -> None:
    for data, expected in (
        (spans(1, 2), (2, 0, 0)),
        (spans(1, 2), (0, 2, 0)),
        (spans(2, 3, 3), (1, 2, 0)),
        ({}, (0, 0, 0)),
    ):
        answer = send(encode(data))

        assert counts(answer) == expected
        assert answer.content == (b"{}" if encode is dict else b"")


@pytest.mark.parametrize("path", PATHS)
def test_b6_a_json_success_is_never_an_empty_body(
    call: Callable[..., Any], alice: MintedProject, path: str
) -> None:
    answer = call("POST", path, alice.keys["producer"], b"{}", **{"Content-Type": JSON})

    assert (answer.headers["Content-Type"], answer.content) == (JSON, b"{}")


@ENCODINGS
def test_b7_a_usual_batch_takes_a_tenth_of_an_exporters_timeout_at_most(
    send: Callable[..., Any], encode: Encode
) -> None:
    batch = encode(request(*[span(id=n, at=NOW, attributes={"n": n, "text": "x" * 500}) for n in range(512)]))

    started = time.process_time()
    answer = send(batch)
    taken = time.process_time() - started

    assert counts(answer) == (512, 0, 0)
    assert taken < EXPORT_TIMEOUT_SECONDS / 10


@CONTENT_TYPES
def test_b8_a_batch_of_20_megabytes_is_taken_in_time(send: Callable[..., Any], content_type: str) -> None:
    history = "a message of a long conversation, " * 1200
    batch = request(*[span(id=n, at=NOW, attributes={"gen_ai.input.messages": history}) for n in range(512)])
    data = protobuf(batch) if content_type == PROTOBUF else json.dumps(batch).encode()

    started = time.process_time()
    answer = send(data, content_type)
    taken = time.process_time() - started

    assert len(data) > 20_000_000
    assert counts(answer) == (512, 0, 0)
    assert taken < EXPORT_TIMEOUT_SECONDS / 2
