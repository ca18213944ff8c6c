"""
Paths, connections and browsers: https://opentelemetry.io/docs/specs/otlp/#otlphttp-connection

The rules and their ids: docs/protocol.md.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tenants.keys.provisioning import MintedProject
from tests.server import Server
from tests.telemetry.factory import JSON, PROTOBUF, protobuf, request, span
from tests.telemetry.otlp_requests import ENCODINGS, NOW, PATHS, Encode, kind, spans


@ENCODINGS
@pytest.mark.parametrize("path", PATHS)
def test_a9_every_path_answers_with_and_without_a_slash(
    call: Callable[..., Any], alice: MintedProject, path: str, encode: Encode
) -> None:
    sent = encode(spans(1) if "traces" in path else {})
    headers = kind(encode) | {"content-type": kind(encode)["Content-Type"]}  # the second for an empty body

    answer = call("POST", path, alice.keys["producer"], sent, **headers)

    assert answer.status_code in {200, 202}


@pytest.mark.parametrize("accepted", ["", "gzip", "gzip, deflate, br;q=0.5", "identity;q=0, *"])
def test_a10_answers_are_plain_whatever_is_accepted(send: Callable[..., Any], accepted: str) -> None:
    for data in (spans(1), protobuf(request(span(at=NOW) | {"spanId": ""})), b"\xff"):
        answer = send(data, **{"Accept-Encoding": accepted})

        assert "Content-Encoding" not in answer.headers


def test_a10_the_connection_stays_open_and_an_unread_body_does_no_harm(server: Server) -> None:
    key = server.provision("keep-alive")["producer_key"]
    blob, one = b"x" * 300_000, json.dumps(spans(1)).encode()
    protobuf_gzip = {"Content-Type": PROTOBUF, "Content-Encoding": "gzip"}
    asked = [
        ("GET", "/v1/traces", key, blob, {}, 405),
        ("POST", "/v1/traces", "", blob, {}, 401),
        ("POST", "/v1/traces", key, blob, {"Content-Type": "text/plain"}, 415),
        ("POST", "/v1/traces", key, blob, {"Content-Type": PROTOBUF, "Content-Encoding": "br"}, 415),
        ("POST", "/v1/traces", key, gzip.compress(blob)[:-9], protobuf_gzip, 400),
        ("POST", "/v1/logs", key, gzip.compress(b""), protobuf_gzip, 200),
        ("POST", "/v1/metrics", key, iter([blob] * 3), protobuf_gzip, 200),
        ("POST", "/v1/nowhere", key, iter([blob] * 3), {"Content-Type": PROTOBUF}, 404),
        ("HEAD", "/v1/traces", key, b"", {}, 405),
        ("POST", "/v1/traces", key, one, {"Content-Type": JSON, "Accept-Encoding": "gzip"}, 202),
    ]

    with server.connection() as connection:
        connection.connect()
        wire = connection.sock
        answers = []
        for method, path, one_key, data, headers, _ in asked:
            authorization = {"Authorization": f"Bearer {one_key}"} if one_key else {}
            connection.request(method, path, data, authorization | headers)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
        assert connection.sock is wire

    assert [code for code, _ in answers] == [code for *_, code in asked]
    assert answers[-1][1] == b"{}"


def listed(header: str) -> set[str]:
    """The words of a header that is a list."""
    return {word.strip().lower() for word in header.split(",")}


@pytest.mark.parametrize("path", PATHS)
def test_a11_browsers_may_ask_before_they_send_any_header(call: Callable[..., Any], path: str) -> None:
    answer = call("OPTIONS", path, **{
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-encoding,content-type,traceparent,x-tenant",
    })  # fmt: skip

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    assert "post" in listed(answer.headers["Access-Control-Allow-Methods"])
    allowed = listed(answer.headers["Access-Control-Allow-Headers"])
    assert {
        "authorization",
        "content-type",
        "content-encoding",
        "*",
    } <= allowed  # "*" does not cover Authorization
    assert "Access-Control-Allow-Credentials" not in answer.headers  # with it, "*" would be a header's name


@ENCODINGS
def test_a11_pages_of_other_origins_may_read_every_answer(
    call: Callable[..., Any], alice: MintedProject, encode: Encode
) -> None:
    origin = {"Origin": "https://shop.example"} | kind(encode)
    for key, data in (
        (alice.keys["producer"], encode(spans(1))),
        (alice.keys["producer"], b"\xff"),
        ("", b""),
    ):
        answer = call("POST", "/v1/traces", key, data, **origin)

        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        exposed = listed(answer.headers["Access-Control-Expose-Headers"])
        assert {"retry-after", "x-loopkit-accepted", "x-loopkit-rejected", "x-loopkit-stored"} <= exposed
