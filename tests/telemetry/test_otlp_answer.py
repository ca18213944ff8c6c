"""What OTLP clients are told: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError

from tenants.provisioning import Minted
from tests.server import Server
from tests.telemetry.answers import counts, partial_success, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ENCODINGS = pytest.mark.parametrize("encode", [dict, protobuf], ids=["json", "protobuf"])
Encode = Callable[[dict[str, Any]], Any]
RETRYABLE = {429, 502, 503, 504}


def spans(*ids: int) -> dict[str, Any]:
    """A request of these spans."""
    return request(*[span(id=n, at=NOW) for n in ids])


def test_a1_full_success_is_a_bare_response_in_json(send: Callable[..., Any]) -> None:
    answer = send(spans(1, 2))

    assert (answer.status_code, answer.content) == (202, b"{}")
    assert (answer.headers["Content-Type"], counts(answer)) == ("application/json", (2, 0, 0))


def test_a1_full_success_is_no_bytes_in_protobuf(send: Callable[..., Any]) -> None:
    answer = send(protobuf(spans(1, 2)))

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Content-Type"], counts(answer)) == ("application/x-protobuf", (2, 0, 0))


def test_a1_the_counts_are_in_the_body_only_for_who_asks(call: Callable[..., Any], alice: Minted) -> None:
    data = request(span(id=1, at=NOW), span(id=1, at=NOW), span(at=NOW) | {"spanId": ""})

    answer = call("POST", "/v1/traces?verbose=1", alice.keys["producer"], data)

    assert answer.json() == {
        "partialSuccess": {"rejectedSpans": "1", "errorMessage": "1 span: invalid span_id"},
        "accepted": 1, "duplicates": 1, "rejected": {"invalid span_id": 1},
    }  # fmt: skip


@ENCODINGS
def test_a2_partial_success_counts_the_rejected_and_says_why(
    send: Callable[..., Any], encode: Encode
) -> None:
    bad = [span(id=n, at=NOW) | {"traceId": "0" * 32} for n in range(2)]

    answer = send(encode(request(*bad, span(id=9, at=NOW), span(id=8, at=NOW) | {"spanId": ""})))

    assert answer.status_code in {200, 202}
    assert partial_success(answer) == (3, "1 span: invalid span_id; 2 spans: invalid trace_id")
    assert counts(answer) == (1, 0, 3)


def test_a2_a_request_of_invalid_spans_alone_is_a_partial_success_too(send: Callable[..., Any]) -> None:
    answer = send(request(span(at=NOW) | {"spanId": ""}))

    assert (answer.status_code, partial_success(answer)) == (202, (1, "1 span: invalid span_id"))


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("application/json; charset=utf-8", JSON), ("APPLICATION/X-PROTOBUF", PROTOBUF), ("text/plain", JSON)],
)
def test_a3_the_content_type_of_an_answer_is_exactly_the_requests(
    send: Callable[..., Any], content_type: str, expected: str
) -> None:
    assert send(b"\xff", content_type).headers["Content-Type"] == expected


@ENCODINGS
def test_a4_an_answer_stays_small_whatever_was_sent(send: Callable[..., Any], encode: Encode) -> None:
    bad = [span(id=n, at=NOW) | {"traceId": "ab" * (n % 14)} for n in range(2000)]

    assert len(send(encode(request(*bad))).content) < 500
    for huge in (
        b'{"resourceSpans":"' + b"x" * 100_000,
        b"\xff" * 100_000,
        b'{"' + b"k" * 100_000 + b'":1}' * 2,
    ):
        assert len(send(huge, JSON).content) < 500
        assert len(send(huge, PROTOBUF).content) < 500


@pytest.mark.parametrize(
    ("content_type", "data"),
    [(JSON, b"{"), (JSON, b'{"resourceSpans": 7}'), (PROTOBUF, b"\xff\xff"), (PROTOBUF, b"\x0a\x05ab")],
)
def test_a5_bad_data_is_400_with_a_status(send: Callable[..., Any], content_type: str, data: bytes) -> None:
    answer = send(data, content_type)

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, content_type)
    code, message = status(answer)
    assert code == 3
    assert message.startswith("Invalid OTLP body: ")


@pytest.mark.parametrize("content_type", [JSON, PROTOBUF])
@pytest.mark.parametrize(
    ("path", "method", "expected"),
    [
        ("/v1/traces", "POST", (401, 16)),
        ("/v1/traces/", "POST", (401, 16)),
        ("/v1/logs", "POST", (401, 16)),
        ("/v1/metrics/", "POST", (401, 16)),
        ("/v1/traces", "GET", (405, 12)),
        ("/v1/traces/", "PUT", (405, 12)),
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
    "path", ["/v1/traces/x", "/v1/trace", "/v1/", "/v1/traces//", "/v1development/profiles"]
)
@pytest.mark.parametrize("accept", [None, "*/*", PROTOBUF])
def test_a6_an_unknown_path_is_404_and_no_page(
    call: Callable[..., Any], alice: Minted, path: str, accept: str | None
) -> None:
    headers = {"Content-Type": PROTOBUF} | ({"Accept": accept} if accept else {})

    answer = call("POST", path, alice.keys["producer"], b"x", **headers)

    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
    assert answer.json()["error"]["code"] == "not_found"


@ENCODINGS
def test_a6_a_fault_of_ours_is_a_status_too(
    send: Callable[..., Any],
    encode: Encode,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("telemetry.views.ingest", failing(RuntimeError("secret")))

    answer = send(encode(spans(1)))

    assert (answer.status_code, status(answer)[0]) == (500, 13)
    assert "secret" not in status(answer)[1]
    assert "secret" in caplog.text


@ENCODINGS
def test_a7_a_passing_fault_is_503_which_clients_retry_soon(
    send: Callable[..., Any], encode: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.views.ingest", failing(OperationalError("database is locked")))

    answer = send(encode(spans(1)))

    assert (answer.status_code, status(answer)[0]) == (503, 14)
    assert 1 <= int(answer.headers["Retry-After"]) <= 5  # a8, b3: above 10 s exporters give up at once


def failing(error: Exception) -> Callable[..., Any]:
    """A function that raises."""

    def fail(*given: Any) -> None:
        raise error

    return fail


@ENCODINGS
@pytest.mark.parametrize("path", ["/v1/traces", "/v1/traces/", "/v1/logs/", "/v1/metrics", "/v1/metrics/"])
def test_a9_b4_there_are_no_redirects(
    call: Callable[..., Any], alice: Minted, path: str, encode: Encode
) -> None:
    data = encode(spans(1))

    answer = call(
        "POST", path, alice.keys["producer"], data, **{"Content-Type": PROTOBUF if data != spans(1) else JSON}
    )

    assert answer.status_code in {200, 202}


def test_a10_the_connection_stays_open_and_an_unread_body_does_no_harm(server: Server) -> None:
    key = server.provision("keep-alive")["producer_key"]
    asked = [
        ("GET", key, b"x" * 300_000, {}, 405),
        ("POST", "", b"x" * 300_000, {}, 401),
        ("POST", key, b"x" * 300_000, {"Content-Type": "text/plain"}, 415),
        ("POST", key, b"x" * 300_000, {"Content-Type": PROTOBUF, "Content-Encoding": "br"}, 415),
        (
            "POST",
            key,
            gzip.compress(b"x" * 300_000)[:-9],
            {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"},
            400,
        ),
        ("POST", key, json.dumps(spans(1)).encode(), {"Content-Type": JSON}, 202),
        ("POST", key, json.dumps(spans(1)).encode(), {"Content-Type": JSON, "Accept-Encoding": "gzip"}, 202),
    ]

    with server.connection() as connection:
        answers = []
        for method, one_key, data, headers, _ in asked:
            authorization = {"Authorization": f"Bearer {one_key}"} if one_key else {}
            connection.request(method, "/v1/traces", data, authorization | headers)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))

    assert [code for code, _ in answers] == [code for *_, code in asked]
    assert answers[-1][1] == b"{}"


def test_a11_browsers_may_ask_before_they_send(call: Callable[..., Any]) -> None:
    for path in ("/v1/traces", "/v1/traces/", "/v1/logs", "/v1/metrics"):
        answer = call("OPTIONS", path, **{
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,content-encoding",
        })  # fmt: skip

        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        for header in ("authorization", "content-type", "content-encoding"):
            assert header in answer.headers["Access-Control-Allow-Headers"]


@ENCODINGS
def test_b1_a_spent_quota_is_final(
    call: Callable[..., Any], make_project: Callable[..., Minted], encode: Encode
) -> None:
    full = make_project(quota_spans=3)
    kind = {"Content-Type": JSON if encode is dict else PROTOBUF}

    def post(*ids: int) -> Any:
        return call("POST", "/v1/traces", full.keys["producer"], encode(spans(*ids)), **kind)

    fits, part, over, again = post(1, 2), post(2, 3, 4, 4), post(5), post(1, 2, 3)

    assert (counts(fits), counts(part), counts(again)) == ((2, 0, 0), (1, 1, 2), (0, 3, 0))
    assert partial_success(part) == (2, "2 spans: over_quota")
    assert (over.status_code, status(over)[0]) == (403, 7)
    assert over.status_code not in RETRYABLE
    assert "quota_exceeded" in status(over)[1]
    assert (again.status_code, partial_success(again)) == (fits.status_code, None)


def test_b1_the_same_new_span_twice_over_the_quota_is_no_duplicate(
    call: Callable[..., Any], make_project: Callable[..., Minted]
) -> None:
    full = make_project(quota_spans=1)
    call("POST", "/v1/traces", full.keys["producer"], spans(1))

    answer = call("POST", "/v1/traces", full.keys["producer"], spans(2, 2))

    assert answer.status_code == 403


@pytest.mark.parametrize(("content_type", "body"), [(JSON, b"{}"), (PROTOBUF, b"")])
@pytest.mark.parametrize("path", ["/v1/logs", "/v1/metrics"])
def test_b9_logs_and_metrics_are_taken_and_not_kept(
    call: Callable[..., Any], alice: Minted, path: str, content_type: str, body: bytes
) -> None:
    answer = call("POST", path, alice.keys["producer"], b"x", **{"Content-Type": content_type})

    assert (answer.status_code, answer.content) == (200, body)
    assert (answer.headers["Content-Type"], answer.headers["X-LoopKit-Stored"]) == (content_type, "none")
    refused = call("POST", path, alice.keys["producer"], b"x", **{"Content-Type": "text/plain"})
    assert (refused.status_code, status(refused)[0]) == (415, 3)
