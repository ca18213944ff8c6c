"""Bodies as they come: compressed, cut, endless, declared wrongly."""

from __future__ import annotations

import gzip
import io
import itertools
import socket
import tracemalloc
import zlib
from typing import Any

import pytest

from loopkit.http.errors import ApiError
from telemetry.api import otlp_body
from tests.server import Server
from tests.telemetry.conftest import SMALL_LIMIT_BYTES
from tests.telemetry.factory import JSON, PROTOBUF

TEXT = b"a span like any other, " * 10_000


class Sent(io.BytesIO):
    """A request with this body."""

    def __init__(self, data: bytes, encoding: str = "") -> None:
        super().__init__(data)
        self.META = {"CONTENT_LENGTH": str(len(data)), "HTTP_CONTENT_ENCODING": encoding}


class Endless(Sent):
    """A request that never stops sending the same piece."""

    def read(self, size: int | None = None) -> bytes:
        self.seek(0)
        return super().read()


def refusal(request: Any) -> ApiError:
    """The error that the request is answered with."""
    with pytest.raises(ApiError) as raised:
        otlp_body.read_body(request)
    return raised.value


def raw_deflate(data: bytes) -> bytes:
    """Deflate without zlib's header, which some clients send as `deflate`."""
    return zlib.compress(data)[2:-4]


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
def test_several_gzip_members_are_one_body(encoding: str) -> None:
    members = gzip.compress(TEXT, mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(b"end", mtime=0)

    assert otlp_body.read_body(Sent(members, encoding)) == TEXT + b"end"


@pytest.mark.parametrize(
    "size", [0, 1, otlp_body.PIECE_BYTES - 1, otlp_body.PIECE_BYTES, otlp_body.PIECE_BYTES + 1, 300_000]
)
def test_bodies_of_every_size_come_out_whole(size: int) -> None:
    text = (TEXT * 2)[:size]

    assert otlp_body.read_body(Sent(text)) == text
    assert otlp_body.read_body(Sent(gzip.compress(text, mtime=0), "gzip")) == text
    assert otlp_body.read_body(Sent(zlib.compress(text), "deflate")) == text
    assert otlp_body.read_body(Sent(raw_deflate(text), "deflate")) == text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "gzip"),
        (b"", "deflate"),
        (TEXT, "gzip"),
        (TEXT, "deflate"),
        (gzip.compress(TEXT, mtime=0)[:-1], "gzip"),
        (gzip.compress(TEXT, mtime=0)[:20], "gzip"),
        (gzip.compress(TEXT, mtime=0) + b"garbage", "gzip"),
        (gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, mtime=0)[:30], "gzip"),
        (gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8, "gzip"),
        (zlib.compress(TEXT)[:-1], "deflate"),
        (zlib.compress(TEXT), "gzip"),
        (gzip.compress(TEXT, mtime=0), "deflate"),
        (zlib.compress(TEXT) + b"garbage", "deflate"),
        (raw_deflate(TEXT)[:-1], "deflate"),
        (raw_deflate(TEXT) + b"\xff" * 9, "deflate"),
        (raw_deflate(TEXT), "gzip"),
        (gzip.compress(b"", mtime=0) * (otlp_body.MAX_MEMBERS + 1), "gzip"),
    ],
)
def test_broken_compression_is_400(data: bytes, encoding: str) -> None:
    error = refusal(Sent(data, encoding))

    assert (error.status_code, error.code) == (400, "bad_compression")


@pytest.mark.parametrize(("encoding", "window_bits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_is_refused_in_bounded_memory(settings: Any, encoding: str, window_bits: int) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 1024 * 1024
    deflater = zlib.compressobj(wbits=window_bits)
    bomb = b"".join(deflater.compress(bytes(1024 * 1024)) for _ in range(50)) + deflater.flush()
    assert len(bomb) < 60_000

    tracemalloc.start()
    error = refusal(Sent(bomb, encoding))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert error.status_code == 413
    assert peak_bytes < 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("piece", "encoding"), [(b"x" * 50_000, ""), (gzip.compress(b"", mtime=0) * 200, "gzip")]
)
def test_an_endless_body_is_refused_even_if_nothing_comes_out(
    settings: Any, piece: bytes, encoding: str
) -> None:
    settings.LOOPKIT_MAX_BODY_BYTES = 100_000

    assert refusal(Endless(piece, encoding)).status_code == 413


def test_a_body_shorter_than_declared_is_400() -> None:
    request = Sent(b"half")
    request.META["CONTENT_LENGTH"] = "8"

    assert refusal(request).code == "body_unreadable"


def head(length: str, key: str, *more: str) -> bytes:
    """The head of a request to /v1/traces."""
    lines = ["POST /v1/traces HTTP/1.1", "Host: localhost", f"Authorization: Bearer {key}", length, *more]
    return "\r\n".join([*lines, "", ""]).encode()


def exchange(server: Server, *pieces: bytes, closing: bool = False) -> bytes:
    """What the server answers to these bytes, up to the end of the connection or of one answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        for piece in pieces:
            wire.sendall(piece)
        if closing:
            wire.shutdown(socket.SHUT_WR)
        answer = b""
        while b"\r\n\r\n" not in answer.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n"):
            received = wire.recv(65536)
            if not received:
                break
            answer += received
        return answer


def test_a_client_that_asks_before_sending_is_told_to_go_on(sturdy_server: Server) -> None:
    key = sturdy_server.provision("expect")["producer_key"]

    answer = exchange(
        sturdy_server, head("Content-Length: 2", key, f"Content-Type: {JSON}", "Expect: 100-continue"), b"{}"
    )

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 ")


def test_a_body_that_breaks_off_is_400_and_nothing_is_stored(sturdy_server: Server) -> None:
    key = sturdy_server.provision("breaks off")["producer_key"]
    kind = f"Content-Type: {PROTOBUF}"

    declared = exchange(sturdy_server, head("Content-Length: 50", key, kind), b"", closing=True)
    chunked = exchange(sturdy_server, head("Transfer-Encoding: chunked", key, kind), b"5\r\nab", closing=True)
    malformed = exchange(
        sturdy_server, head("Transfer-Encoding: chunked", key, kind), b"zz\r\nab\r\n0\r\n\r\n"
    )

    assert [answer[:12] for answer in (declared, chunked, malformed)] == [b"HTTP/1.1 400"] * 3


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_gets_its_413_while_it_is_still_sent(
    sturdy_server: Server, is_chunked: bool
) -> None:
    made = sturdy_server.provision(f"too large {is_chunked}")
    total = SMALL_LIMIT_BYTES + 800_000
    data: Any = itertools.repeat(b"\0" * 1000, total // 1000) if is_chunked else b"\0" * total

    answer = sturdy_server.call("POST", "/v1/traces", made["producer_key"], data, **{"Content-Type": JSON})

    assert (answer.status, answer.json()["code"]) == (413, 3)
    assert sturdy_server.call("POST", "/v1/traces", made["producer_key"], {}).status == 202
