"""
What OTLP clients are told when spans were taken: https://opentelemetry.io/docs/specs/otlp/#otlphttp-response

The rules and their ids: docs/protocol.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from loopkit.http import rpc_status
from telemetry.api import otlp_answer
from telemetry.otlp.decode import Encoding
from telemetry.store.batch import Receipt
from tenants.keys.provisioning import MintedProject
from tests.telemetry.answers import counts, partial_success, status
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span
from tests.telemetry.otlp_requests import CONTENT_TYPES, ENCODINGS, NOW, Encode, spans


def test_a1_full_success_is_a_bare_response_in_json(send: Callable[..., Any]) -> None:
    answer = send(spans(1, 2))

    assert (answer.status_code, answer.content) == (202, b"{}")
    assert (answer.headers["Content-Type"], counts(answer)) == ("application/json", (2, 0, 0))


def test_a1_full_success_is_no_bytes_in_protobuf(send: Callable[..., Any]) -> None:
    answer = send(protobuf(spans(1, 2)))

    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["Content-Type"], counts(answer)) == ("application/x-protobuf", (2, 0, 0))


def test_a1_the_counts_are_in_the_body_only_for_who_asks(
    call: Callable[..., Any], alice: MintedProject
) -> None:
    data = request(span(id=1, at=NOW), span(id=1, at=NOW), span(at=NOW) | {"spanId": ""})

    answer = call("POST", "/v1/traces?verbose=1", alice.keys["producer"], data)

    assert answer.json() == {
        "partialSuccess": {"rejectedSpans": "1", "errorMessage": "1 span: invalid span_id"},
        "accepted": 1, "duplicates": 1, "conflicts": 0, "rejected": {"invalid span_id": 1},
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


@CONTENT_TYPES
def test_a3_errors_from_every_place_have_the_content_type_of_the_request(
    call: Callable[..., Any], alice: MintedProject, settings: Any, content_type: str
) -> None:
    def asked(path: str, key: str = alice.keys["producer"], method: str = "POST", **headers: str) -> Any:
        return call(method, path, key, b"\xff", **{"Content-Type": content_type}, **headers)

    answers = [
        asked("/v1/traces"),
        asked("/v1/traces", key="nonsense"),
        asked("/v1/traces", key=alice.keys["agent"]),
        asked("/v1/traces/nowhere"),
        asked("/v1/traces", method="PUT"),
        asked("/v1/traces", **{"Content-Encoding": "br"}),
        asked("/v1/traces", **{"Transfer-Encoding": "chunked"}),
    ]
    settings.LOOPKIT_MAX_BODY_BYTES = 0
    answers.append(asked("/v1/traces"))

    assert [answer.status_code for answer in answers] == [400, 401, 403, 404, 405, 415, 411, 413]
    assert {answer.headers["Content-Type"] for answer in answers} == {content_type}


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


@CONTENT_TYPES
@pytest.mark.parametrize("text", ["x" * 10_000, "\U0001f600" * 10_000, "\ud800" * 10_000])
def test_a4_messages_are_cut_and_stay_text(content_type: str, text: str) -> None:
    answer = rpc_status.status_answer(400, "invalid_otlp", text, "Send less.", content_type)

    assert len(answer.content) < 10_000
    assert status(answer)[1] == text[:1000].encode("utf-8", "replace").decode() + ". Send less."


@pytest.mark.parametrize("encoding", Encoding)
def test_a4_reasons_are_cut_however_many_there_are(encoding: Encoding) -> None:
    receipt = Receipt(rejected=Counter({f"reason {n}": 1 for n in range(10_000)}))

    answer = otlp_answer.success(receipt, encoding, otlp_answer.SPANS)

    rejected, said = partial_success(answer) or (0, "")
    assert (rejected, len(said)) == (10_000, otlp_answer.MAX_REASONS_CHARS)
