"""
What OTLP clients are told when a request is refused or fails: https://opentelemetry.io/docs/specs/otlp/#failures-1

The rules and their ids: docs/protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection

from loopkit.http.error_answers import EXPORT_HINT, HINTS
from loopkit.http.errors import Unavailable
from telemetry.api import otlp_answer
from tenants.keys.provisioning import MintedProject
from tenants.stores.project_file import OutdatedFile
from tests.telemetry.answers import bad_request, status
from tests.telemetry.factory import JSON, PROTOBUF
from tests.telemetry.otlp_requests import CONTENT_TYPES, ENCODINGS, Encode, failing, spans

BAD_DATA = [
    (JSON, b"{", "invalid_otlp"),
    (JSON, b'{"resourceSpans": 7}', "invalid_otlp"),
    (PROTOBUF, b"\xff\xff", "invalid_otlp"),
    (PROTOBUF, b"\x0a\x05ab", "invalid_otlp"),
]


@pytest.mark.parametrize(("content_type", "data", "reason"), BAD_DATA)
def test_a5_bad_data_is_400_with_a_status(
    send: Callable[..., Any], content_type: str, data: bytes, reason: str
) -> None:
    answer = send(data, content_type)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, content_type)
    code, message = status(answer)
    assert code == 3
    assert message.startswith("Invalid OTLP body: ")
    [(told, description)] = bad_request(answer) or []
    assert told == reason.upper()
    assert message.startswith(f"{description}. ")


@CONTENT_TYPES
def test_a5_the_details_name_what_is_bad(send: Callable[..., Any], content_type: str) -> None:
    answer = send(b"no gzip", content_type, **{"Content-Encoding": "gzip"})

    [(reason, description)] = bad_request(answer) or []
    assert reason == "BAD_COMPRESSION"
    assert description.startswith("The body cannot be decompressed: ")


@CONTENT_TYPES
@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/v1/traces", "POST", (401, 16)),
        ("/v1/traces/", "POST", (401, 16)),
        ("/v1/logs", "POST", (401, 16)),
        ("/v1/metrics/", "POST", (401, 16)),
        ("/v1/traces", "GET", (405, 12)),
        ("/v1/traces/", "PUT", (405, 12)),
        ("/v1/traces/x", "POST", (404, 5)),
        ("/v1/traces//", "POST", (404, 5)),
        ("/v1/traces/v1/traces", "POST", (404, 5)),
        ("/v1/logs/v1/logs", "POST", (404, 5)),
        ("/v1development/profiles", "POST", (404, 5)),
    ],
)
def test_a6_refusals_are_a_status_in_the_requests_encoding(
    call: Callable[..., Any], db: None, path: str, method: str, expected: tuple[int, int], content_type: str
) -> None:
    answer = call(method, path, data=b"x", **{"Content-Type": content_type})

    assert (answer.status_code, status(answer)[0]) == expected
    assert answer.headers["Content-Type"] == content_type
    assert status(answer)[1]


@pytest.mark.parametrize(
    "path", ["/traces", "/v1/", "/v1/trace", "/v1/traces.json", "//v1/traces", "/opentelemetry/x"]
)
@pytest.mark.parametrize("accept", [None, "*/*", "text/html", PROTOBUF])
def test_a6_a_protobuf_client_is_told_in_protobuf_that_no_such_path_is_there(
    call: Callable[..., Any], path: str, accept: str | None
) -> None:
    headers = {"Content-Type": PROTOBUF} | ({"Accept": accept} if accept else {})

    answer = call("POST", path, "", b"x", **headers)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, PROTOBUF)
    assert status(answer) == (5, f"No such path. {EXPORT_HINT}")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1/traces/v1/traces",
        "/v1/v1/traces",
        "/v1/trace",
        "//v1/logs",
        "/otel/v1/traces",
        "/V1/Traces",
        "/v1/spans",
    ],
)
@CONTENT_TYPES
def test_an_exporter_with_a_wrong_path_is_told_the_right_one(
    call: Callable[..., Any], path: str, content_type: str
) -> None:
    answer = call("POST", path, "", b"{}", **{"Content-Type": content_type})

    assert answer.status_code == (405 if path == "/" else 404)
    assert answer.headers["Content-Type"] == content_type
    assert b"/v1/traces" in answer.content
    assert b"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in answer.content


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/trace"), ("POST", "/v1/loop"), ("POST", "/v1/tracesuit")]
)
def test_others_are_not_told_of_exporters(call: Callable[..., Any], method: str, path: str) -> None:
    answer = call(method, path, "", b"{}", **{"Content-Type": "application/json"})

    assert answer.json()["error"]["hint"] == HINTS["not_found"]


@pytest.mark.parametrize("path", ["/v1/", "/v1/trace", "/v1/nothing"])
def test_a6_elsewhere_json_clients_get_the_shape_of_the_json_interface(
    call: Callable[..., Any], path: str
) -> None:
    answer = call("POST", path, data={})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@CONTENT_TYPES
def test_a6_a_strange_host_is_a_status(call: Callable[..., Any], settings: Any, content_type: str) -> None:
    settings.ALLOWED_HOSTS = ["loops.example"]

    answer = call("POST", "/v1/traces", data=b"", **{"Content-Type": content_type})

    assert (answer.status_code, status(answer)[0]) == (400, 3)
    assert "LOOPKIT_ALLOWED_HOSTS" in status(answer)[1]


@ENCODINGS
@pytest.mark.parametrize(
    "place", ["telemetry.api.otlp_views.ingest", "django.middleware.csrf.CsrfViewMiddleware.process_request"]
)
def test_a6_a_fault_of_ours_is_a_status_too(
    send: Callable[..., Any],
    encode: Encode,
    place: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(place, failing(RuntimeError("secret")))

    answer = send(encode(spans(1)))

    assert (answer.status_code, status(answer)[0]) == (500, 13)
    assert "secret" not in status(answer)[1]
    assert "secret" in caplog.text


def test_a6_every_message_ends_with_the_next_step(call: Callable[..., Any], alice: MintedProject) -> None:
    nobody = call("POST", "/v1/traces", data={})
    agent = call("POST", "/v1/traces", alice.keys["agent"], {})
    text = call("POST", "/v1/traces", alice.keys["producer"], b"", **{"Content-Type": "text/plain"})

    assert "POST /v1/provision" in status(nobody)[1]
    assert "producer key" in status(agent)[1]
    assert status(text)[1].endswith("Send application/x-protobuf or application/json.")


PASSING = [
    OperationalError("database is locked"),
    OperationalError("database or disk is full"),
    OperationalError("attempt to write a readonly database"),
    DatabaseError("database disk image is malformed"),
    OutdatedFile("run manage.py migrate_projects"),
    Unavailable("overloaded", "Too many writers wait.", "Send again."),
]


@ENCODINGS
@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a7_a_passing_fault_is_503_which_clients_retry(
    send: Callable[..., Any], encode: Encode, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    monkeypatch.setattr("telemetry.api.otlp_views.ingest", failing(fault))

    answer = send(encode(spans(1)))

    assert (answer.status_code, status(answer)[0]) == (503, 14)


@CONTENT_TYPES
@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs"])
def test_a7_a_control_database_that_fails_is_503_too(
    call: Callable[..., Any], alice: MintedProject, path: str, content_type: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tenants_key RENAME TO elsewhere")

    answer = call("POST", path, alice.keys["producer"], b"", **{"Content-Type": content_type})

    assert (answer.status_code, status(answer)[0]) == (503, 14)
    assert 1 <= int(answer.headers["Retry-After"]) <= 5


@ENCODINGS
@pytest.mark.parametrize(("wanted", "told"), [(0, "1"), (1, "1"), (2, "2"), (5, "5"), (60, "5"), (3600, "5")])
def test_a8_a_wait_is_told_in_few_whole_seconds(
    send: Callable[..., Any], encode: Encode, monkeypatch: pytest.MonkeyPatch, wanted: int, told: str
) -> None:
    busy = Unavailable("overloaded", "Too many writers wait.", "Send again.", retry_after_seconds=wanted)
    monkeypatch.setattr("telemetry.api.otlp_views.ingest", failing(busy))

    assert send(encode(spans(1))).headers["Retry-After"] == told


def test_a8_a_503_without_a_wait_gets_one() -> None:
    assert [otlp_answer.soon(seconds) for seconds in ("", "soon", "-1", "1.5")] == ["1"] * 4
