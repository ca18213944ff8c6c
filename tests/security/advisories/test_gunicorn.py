"""
gunicorn 22 to 27: requests that a proxy and the server frame differently, so that a second one is hidden in them.

https://gunicorn.org/news/, https://www.rfc-editor.org/rfc/rfc9112#section-6.3
"""

from __future__ import annotations

import socket

import pytest

from tests.server import Server

HIDDEN = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKS = f"0\r\n\r\n{HIDDEN}"


@pytest.mark.parametrize(
    "framing",
    [
        f"Content-Length: {len(CHUNKS)}\r\nTransfer-Encoding: chunked\r\n\r\n{CHUNKS}",
        f"Transfer-Encoding : chunked\r\nContent-Length: {len(CHUNKS)}\r\n\r\n{CHUNKS}",
        f"Transfer-Encoding: \x0bchunked\r\nContent-Length: {len(CHUNKS)}\r\n\r\n{CHUNKS}",
        f"Transfer-Encoding: chunked, identity\r\n\r\n{CHUNKS}",
        f"Transfer-Encoding: xchunked\r\nContent-Length: {len(CHUNKS)}\r\n\r\n{CHUNKS}",
        f"Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"Content-Length: +0\r\n\r\n{HIDDEN}",
        f"Content-Length: 0,0\r\n\r\n{HIDDEN}",
        f"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{HIDDEN}",
        f"Transfer-Encoding: chunked\r\n\r\n1 \r\naX0\r\n\r\n{HIDDEN}",
    ],
)
def test_no_request_hides_in_another(server: Server, framing: str) -> None:
    """CVE-2024-1135, CVE-2024-6827, CVE-2026-134820: smuggling by Transfer-Encoding and Content-Length."""
    request = f"POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{framing}"

    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(request.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        answered = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answered.count(b"HTTP/1.1 ") <= 1
    assert b"HTTP/1.1 200" not in answered
