"""Bodies of the JSON interface: one object, bounded, however it is sent."""

from __future__ import annotations

import gzip
import io
import socket
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from loopkit.http.chunked import readable
from loopkit.http.errors import ApiError
from loopkit.parsing import MAX_BYTES, JsonObjectParser
from tests.server import Server


def parse(raw: bytes) -> Any:
    """What the parser makes of a body."""
    return JsonObjectParser().parse(io.BytesIO(raw))


def test_an_object_is_read() -> None:
    assert parse('{"a": [1, "ü", null]}'.encode()) == {"a": [1, "ü", None]}


def test_no_body_is_an_empty_object() -> None:
    assert parse(b"") == {}


@pytest.mark.parametrize("raw", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_other_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ParseError, match="must be a JSON object"):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [b"{", b"{a: 1}", b"{'a': 1}", b'{"a": NaN}', b'{"a": "\\ud800"}', b"a=1", b"[" * 100_000],
)
def test_what_is_no_json_is_refused_with_the_place(raw: bytes) -> None:
    with pytest.raises(ParseError, match="not JSON"):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
        '{"a": 1}'.encode("utf-8-sig"),
        '{"a": "ü"}'.encode("latin-1"),
        gzip.compress(b'{"a": 1}', mtime=0),
    ],
)
def test_what_is_no_utf_8_is_refused_with_the_remedy(raw: bytes) -> None:
    with pytest.raises(ApiError, match="not plain UTF-8") as refused:
        parse(raw)

    assert (refused.value.status_code, refused.value.code) == (400, "parse_error")
    assert refused.value.hint.startswith("Encode the JSON as UTF-8")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate, gzip"])
def test_a_compressed_body_is_a_415_with_the_remedy(call: Any, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}

    answer = call("POST", "/v1/signup", data=gzip.compress(b"{}", mtime=0), **headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_encoding")
    assert "uncompressed" in answer.json()["error"]["hint"]


@pytest.mark.django_db
def test_the_identity_encoding_is_none(call: Any) -> None:
    assert call("POST", "/v1/signup", data=b"{}", **{"Content-Encoding": "identity"}).status_code == 201


def test_a_body_at_the_bound_is_read_and_one_above_is_a_413() -> None:
    filler = b" " * (MAX_BYTES - len(b'{"a": 1}'))

    assert parse(b'{"a": 1}' + filler) == {"a": 1}
    with pytest.raises(ApiError) as refused:
        parse(b'{"a": 1}' + filler + b" ")
    assert refused.value.status_code == 413


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON", ""]
)
def test_json_is_read_under_any_name_for_it(call: Any, content_type: str) -> None:
    answer = call("POST", "/v1/signup", data={"project_name": "acme"}, **{"Content-Type": content_type})

    assert answer.status_code == 201
    assert answer.json()["project_name"] == "acme"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_another_content_type_is_a_415_with_the_right_one(call: Any, content_type: str) -> None:
    answer = call("POST", "/v1/signup", data=b"a=1", **{"Content-Type": content_type})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]["hint"]


def test_a_length_is_made_up_for_chunked_bodies_only_where_the_server_ends_them() -> None:
    seen = []
    application = readable(lambda environ, start: seen.append(environ.get("CONTENT_LENGTH")) or [])

    body = {"wsgi.input": io.BytesIO()}

    application({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True} | body, None)
    application({"HTTP_TRANSFER_ENCODING": "chunked"}, None)
    application({"CONTENT_LENGTH": "7", "wsgi.input_terminated": True} | body, None)

    assert int(seen[0] or 0) > MAX_BYTES
    assert seen[1:] == [None, "7"]


def test_a_chunked_body_is_read(server: Server) -> None:
    pieces = iter([b'{"project_', b'name": "in pieces"}'])

    answer = server.call("POST", "/v1/signup", data=pieces, **{"Content-Type": "application/json"})

    assert answer.status == 201
    assert answer.json()["project_name"] == "in pieces"


def test_an_endless_chunked_body_is_a_413(server: Server) -> None:
    pieces = (b" " * 65_536 for _ in range(20))

    answer = server.call("POST", "/v1/signup", data=pieces, **{"Content-Type": "application/json"})

    assert answer.status == 413


@pytest.mark.parametrize("chunks", [b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n", b"2\r\n{}XX0\r\n\r\n"])
def test_broken_chunks_are_the_clients_fault(server: Server, chunks: bytes) -> None:
    head = b"POST /v1/signup HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    request = head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks

    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    assert answer.split(b" ")[1] == b"400"
    assert b"body_unreadable" in answer
