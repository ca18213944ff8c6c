"""What gunicorn's parser refuses gets an error of the form of all others, before a key is looked at."""

from __future__ import annotations

import json
import socket

import pytest

from tests.server import Server

GET = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
REFUSED = {
    "a long header": (GET + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n", 431, "headers_too_large"),
    "many headers": (GET + b"X-A: a\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
    "a long URL": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414, "url_too_long"),
    "no HTTP": (b"hello\r\n\r\n", 400, "not_http"),
    "a space before a colon": (GET + b"X-A : b\r\n\r\n", 400, "not_http"),
    "an unknown coding": (GET + b"Transfer-Encoding: zip\r\n\r\n", 501, "transfer_coding_unknown"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_head_that_is_refused_gets_an_error_in_json(server: Server, name: str) -> None:
    sent, status, code = REFUSED[name]
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/json" in head
    error = json.loads(body)["error"]
    assert error.keys() == {"code", "message", "hint", "docs_url"}
    assert error["code"] == code
