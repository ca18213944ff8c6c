"""A client that speaks gRPC to the port of OTLP over HTTP is told so in its own language, and what to set."""

from __future__ import annotations

import http.client
import socket
import struct
from urllib.parse import unquote

import pytest

from tests.server import Server

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS, GOAWAY, HTTP_1_1_REQUIRED = 4, 7, 13
UNIMPLEMENTED, UNAUTHENTICATED = "12", "16"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
SETTING = "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"


def answered(server: Server, sent: bytes) -> bytes:
    """All that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(sent)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def frames(data: bytes) -> list[tuple[int, int, bytes]]:
    """The type, the stream and the payload of each frame: https://www.rfc-editor.org/rfc/rfc9113#section-4.1"""
    found = []
    while data:
        length = int.from_bytes(data[:3], "big")
        kind, _, stream = struct.unpack(">BBI", data[3:9])
        found.append((kind, stream, data[9 : 9 + length]))
        data = data[9 + length :]
    return found


@pytest.mark.parametrize("behind", [b"", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"])
def test_a_client_of_http2_is_told_in_http2(server: Server, behind: bytes) -> None:
    settings, goaway = frames(answered(server, PREFACE + behind))

    assert settings == (SETTINGS, 0, b"")
    assert goaway[:2] == (GOAWAY, 0)
    assert struct.unpack(">II", goaway[2][:8]) == (0, HTTP_1_1_REQUIRED)
    assert SETTING in goaway[2][8:].decode()


@pytest.mark.parametrize("line", [b"PRI * HTTP/1.1", b"GET / HTTP/2.0", b"PRIM * HTTP/2.0"])
def test_no_other_line_is_answered_so(server: Server, line: bytes) -> None:
    assert answered(server, line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 4"
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [(EXPORT, UNIMPLEMENTED), ("/v1/traces", UNAUTHENTICATED), ("/v1/no", UNIMPLEMENTED)],
)
def test_grpc_over_http_1_gets_a_status_of_grpc(server: Server, path: str, expected: str) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    client.request("POST", path, b"\x00\x00\x00\x00\x00", {"Content-Type": "application/grpc+proto"})
    answer = client.getresponse()

    assert (answer.status, answer.read(), answer.headers["Content-Type"]) == (200, b"", "application/grpc")
    assert answer.headers["grpc-status"] == expected
    assert SETTING in unquote(answer.headers["grpc-message"]) or path == "/v1/no"
    client.close()


def test_other_types_get_what_they_got(server: Server) -> None:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    client.request("POST", EXPORT, b"", {"Content-Type": "application/json"})
    answer = client.getresponse()

    assert answer.status == 404
    assert "grpc-status" not in answer.headers
    client.close()
