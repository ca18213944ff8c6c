"""
How spans may be asked to be stored: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request

The rules and their ids: docs/protocol.md.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from telemetry.models import Record, Trace
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind
from tests.server import Server
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span
from tests.telemetry.otlp_requests import CONTENT_TYPES, NOW

ONE = request(span(at=NOW))
BODIES = {JSON: json.dumps(ONE).encode(), PROTOBUF: protobuf(ONE)}
COMPRESSIONS = {"gzip": gzip.compress, "identity": bytes}


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/traces/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
def test_r1_other_methods_are_405_with_and_without_a_key(
    call: Callable[..., Any], alice: MintedProject, method: str, path: str
) -> None:
    for key in ("", alice.keys["producer"]):
        answer = call(method, path, key, **{"Content-Type": PROTOBUF})

        assert answer.status_code == 405
        assert method == "HEAD" or status(answer)[0] == 12
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json; charset=utf-8", JSON),
        ("Application/JSON", JSON),
        ("application/json ;x=y", JSON),
        (" application/json", JSON),
        ('application/x-protobuf; messageType="opentelemetry.proto"', PROTOBUF),
        ("application/x-protobuf;v=1", PROTOBUF),
        ("APPLICATION/X-PROTOBUF", PROTOBUF),
    ],
)
def test_r2_parameters_and_case_of_the_content_type_do_not_matter(
    send: Callable[..., Any], content_type: str, expected: str
) -> None:
    answer = send(BODIES[expected], content_type)

    assert counts(answer) == (1, 0, 0)
    assert answer.headers["Content-Type"] == expected


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/protobuf", "application/jsonl", "nonsense", ";"]
)
def test_r2_any_other_content_type_is_415(send: Callable[..., Any], content_type: str) -> None:
    answer = send(BODIES[JSON], content_type)

    assert (answer.status_code, status(answer)[0]) == (415, 3)
    assert JSON in status(answer)[1]


def test_r2_a_missing_content_type_is_415(server: Server) -> None:
    key = server.provision("no content type")["producer_key"]

    answer = server.call("POST", "/v1/traces", key, BODIES[JSON])

    assert (answer.status, answer.json()["code"]) == (415, 3)


@CONTENT_TYPES
@pytest.mark.parametrize("compression", ["identity", "gzip"])
def test_r5_a_chunked_body_is_read_whole(server: Server, content_type: str, compression: str) -> None:
    key = server.provision(f"chunked {content_type} {compression}")["producer_key"]
    spans = request(*[span(id=n, at=NOW, attributes={"text": "x" * 500}) for n in range(300)])
    plain = json.dumps(spans).encode() if content_type == JSON else protobuf(spans)
    data = COMPRESSIONS[compression](plain)
    headers = {"Content-Type": content_type, "Content-Encoding": compression}

    answer = server.call(
        "POST", "/v1/traces", key, (data[at : at + 999] for at in range(0, len(data), 999)), **headers
    )

    assert (answer.status, answer.headers["x-loopkit-accepted"]) == (
        202 if content_type == JSON else 200,
        "300",
    )


@CONTENT_TYPES
def test_r5_a_server_that_cannot_read_chunks_says_so(send: Callable[..., Any], content_type: str) -> None:
    answer = send(BODIES[content_type], content_type, **{"Transfer-Encoding": "chunked"})

    assert (answer.status_code, status(answer)[0]) == (411, 3)


@pytest.mark.parametrize(
    "empty",
    [
        b"",
        {},
        {"resourceSpans": []},
        {"resourceSpans": None},
        {"resourceSpans": [{}]},
        {"resourceSpans": [{"resource": {}, "scopeSpans": [{}]}]},
        {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "x"}, "spans": []}]}]},
        protobuf({"resourceSpans": [{"resource": {}, "scopeSpans": [{}]}]}),
    ],
)
def test_r6_an_empty_request_is_a_success(send: Callable[..., Any], empty: Any) -> None:
    answer = send(empty)

    assert (answer.status_code, answer.content) == ((200, b"") if isinstance(empty, bytes) else (202, b"{}"))
    assert counts(answer) == (0, 0, 0)


@pytest.mark.parametrize("data", [b"", b" \n"])
def test_r6_no_bytes_are_no_json(send: Callable[..., Any], data: bytes) -> None:
    answer = send(data, JSON)

    assert (answer.status_code, status(answer)[0]) == (400, 3)


def test_r7_a_span_sent_again_is_the_same_span(send: Callable[..., Any], alice: MintedProject) -> None:
    first, again = send(BODIES[JSON], JSON), send(BODIES[PROTOBUF], PROTOBUF)

    assert (counts(first), counts(again)) == ((1, 0, 0), (0, 1, 0))
    with bind(alice.project):
        assert Record.objects.count() == 1


def test_r7_a_later_version_that_differs_is_a_conflict(
    send: Callable[..., Any], alice: MintedProject
) -> None:
    started = span("job", at=NOW)
    send(request(started))

    answer = send(request(started | {"status": {"code": 2, "message": "it failed after all"}}))

    assert (counts(answer), answer.headers["X-LoopKit-Conflicts"]) == ((0, 0, 0), "1")
    with bind(alice.project):
        assert Record.objects.get().status_code == 0


def test_r10_a_client_and_a_server_span_that_share_an_id_are_two_records(
    send: Callable[..., Any], alice: MintedProject
) -> None:
    client, server = span("call", at=NOW, kind=3), span("serve", at=NOW + timedelta(milliseconds=1), kind=2)
    server["spanId"] = client["spanId"]
    send(request(client, resource={"service.name": "gateway"}))

    answer = send(request(server, resource={"service.name": "orders"}))

    assert counts(answer) == (1, 0, 0)
    with bind(alice.project):
        assert set(Record.objects.values_list("service", flat=True)) == {"gateway", "orders"}


def test_r8_spans_of_a_trace_come_in_any_order_from_several_services(
    send: Callable[..., Any], alice: MintedProject
) -> None:
    second = timedelta(seconds=1)
    child = span("child", parent="never sent", at=NOW + second, duration_ms=5000)
    send(request(child, resource={"service.name": "stock"}))
    send(request(span("root", at=NOW, attributes={"session.id": "s-1"}), resource={"service.name": "shop"}))

    with bind(alice.project):
        trace = Trace.objects.get()

    assert (trace.records, trace.session_id, trace.service) == (2, "s-1", "shop")
    assert trace.end_time_unix_nano - trace.start_time_unix_nano == 6_000_000_000
