"""How spans may be asked to be stored: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from telemetry.models import Record, Trace
from tenants.binding import bind
from tenants.provisioning import Minted
from tests.server import Server
from tests.telemetry.answers import counts, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ONE = request(span(at=NOW))
BODIES = {JSON: json.dumps(ONE).encode(), PROTOBUF: protobuf(ONE)}
ENCODINGS = pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
COMPRESSIONS = {"gzip": gzip.compress, "x-gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/traces/"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_r1_other_methods_are_405_with_and_without_a_key(
    call: Callable[..., Any], alice: Minted, method: str, path: str
) -> None:
    for key in ("", alice.keys["producer"]):
        answer = call(method, path, key, **{"Content-Type": PROTOBUF})

        assert (answer.status_code, status(answer)[0]) == (405, 12)
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json; charset=utf-8", JSON),
        ("Application/JSON", JSON),
        ("application/json ;x=y", JSON),
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


@ENCODINGS
@pytest.mark.parametrize("compression", [*COMPRESSIONS, "GZIP", ""])
def test_r3_compressed_bodies_are_read(send: Callable[..., Any], content_type: str, compression: str) -> None:
    data = COMPRESSIONS.get(compression.lower(), bytes)(BODIES[content_type])

    answer = send(data, content_type, **{"Content-Encoding": compression})

    assert counts(answer) == (1, 0, 0)


@pytest.mark.parametrize("compression", ["br", "zstd", "snappy", "gzip, gzip", "x" * 500])
def test_r3_an_unknown_compression_is_415(send: Callable[..., Any], compression: str) -> None:
    answer = send(BODIES[PROTOBUF], PROTOBUF, **{"Content-Encoding": compression})

    assert (answer.status_code, status(answer)[0]) == (415, 3)
    assert len(status(answer)[1]) < 200


@ENCODINGS
@pytest.mark.parametrize("compression", ["", "gzip", "deflate"])
def test_r4_a_body_over_the_limit_is_413(
    send: Callable[..., Any], settings: Any, content_type: str, compression: str
) -> None:
    plain = b" " * 5000 + BODIES[content_type]
    data = COMPRESSIONS.get(compression, bytes)(plain)
    settings.LOOPKIT_MAX_BODY_BYTES = 4999

    answer = send(data, content_type, **{"Content-Encoding": compression})

    assert (answer.status_code, status(answer)[0]) == (413, 3)
    assert "4999 bytes" in status(answer)[1]


def test_r4_a_body_of_exactly_the_limit_is_taken(send: Callable[..., Any], settings: Any) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = len(BODIES[JSON])

    assert counts(send(BODIES[JSON], JSON)) == (1, 0, 0)
    assert counts(send(gzip.compress(BODIES[JSON]), JSON, **{"Content-Encoding": "gzip"})) == (0, 1, 0)


def test_r4_more_spans_than_memory_should_hold_are_413(send: Callable[..., Any], monkeypatch: Any) -> None:
    monkeypatch.setattr("telemetry.decode.MAX_SPANS", 2)
    answers = [send(protobuf(request(*[span(id=n, at=NOW) for n in range(count)]))) for count in (2, 3)]

    assert [answer.status_code for answer in answers] == [200, 413]
    assert "spans in one request" in status(answers[1])[1]


@ENCODINGS
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


@ENCODINGS
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


def test_r7_a_span_sent_again_is_the_same_span(send: Callable[..., Any], alice: Minted) -> None:
    first, again = send(BODIES[JSON], JSON), send(BODIES[PROTOBUF], PROTOBUF)

    assert (counts(first), counts(again)) == ((1, 0, 0), (0, 1, 0))
    with bind(alice.project):
        assert Record.objects.count() == 1


def test_r8_spans_of_a_trace_come_in_any_order_from_several_services(
    send: Callable[..., Any], alice: Minted
) -> None:
    second = timedelta(seconds=1)
    child = span("child", parent="never sent", at=NOW + second, duration_ms=5000)
    send(request(child, resource={"service.name": "stock"}))
    send(request(span("root", at=NOW, attributes={"session.id": "s-1"}), resource={"service.name": "shop"}))

    with bind(alice.project):
        trace = Trace.objects.get()

    assert (trace.records, trace.session_id, trace.service) == (2, "s-1", "shop")
    assert trace.end_time_unix_nano - trace.start_time_unix_nano == 6_000_000_000


@ENCODINGS
@pytest.mark.parametrize("authorization", [None, "Bearer lk_ingest_nonsense", "Basic eDp5", "Bearer", "\xe9"])
def test_r9_without_a_good_key_it_is_401(
    call: Callable[..., Any], db: None, content_type: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = call(
        "POST", "/v1/traces", data=BODIES[content_type], **{"Content-Type": content_type}, **headers
    )

    assert (answer.status_code, status(answer)[0]) == (401, 16)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@ENCODINGS
def test_r9_an_expired_project_is_401(
    call: Callable[..., Any], make_project: Callable[..., Minted], content_type: str
) -> None:
    expired = make_project(expires_at=NOW - timedelta(days=1))

    answer = call(
        "POST", "/v1/traces", expired.keys["producer"], BODIES[content_type], **{"Content-Type": content_type}
    )

    assert (answer.status_code, status(answer)[0]) == (401, 16)
    assert "expired" in status(answer)[1]


@ENCODINGS
def test_r9_a_revoked_key_is_401(send: Callable[..., Any], alice: Minted, content_type: str) -> None:
    alice.project.keys.update(revoked_at=NOW)

    answer = send(BODIES[content_type], content_type)

    assert (answer.status_code, status(answer)[0]) == (401, 16)


@ENCODINGS
@pytest.mark.parametrize("kind", ["agent", "feedback"])
def test_r9_another_kind_of_key_is_403(
    call: Callable[..., Any], alice: Minted, content_type: str, kind: str
) -> None:
    answer = call(
        "POST", "/v1/traces", alice.keys[kind], BODIES[content_type], **{"Content-Type": content_type}
    )

    assert (answer.status_code, status(answer)[0]) == (403, 7)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  ", "Bearer%20"])
def test_r9_the_scheme_is_read_in_every_spelling_that_clients_send(
    call: Callable[..., Any], alice: Minted, scheme: str
) -> None:
    answer = call("POST", "/v1/traces", data=ONE, Authorization=scheme + alice.keys["producer"])

    assert counts(answer) == (1, 0, 0)
