"""No header makes the server decode by a codec of the client's choice, or ends in gunicorn's page; forms are small."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import pytest

from loopkit.http.plain_headers import MOST_FORM_BYTES, plain_accept
from loopkit.wsgi import application

CODECS = [
    "hex", "idna", "punycode", "undefined", "zlib", "bz2", "rot13", "uu", "quopri", "base64", "utf-16", "utf-7",
    "unicode_escape", "mbcs", "cp037", "latin1", "x" * 3000, '"hex"', "%00", "utf_8;charset=hex",
]  # fmt: skip
EXTENDED = [
    "x*=idna''%ff",
    "x*=punycode''%2da",
    "x*0*=hex''%ff; x*1*=%41",
    "charset*=undefined''%ff",
    "q*=idna''%ff",
]
URL_ENCODED = "application/x-www-form-urlencoded"
pytestmark = pytest.mark.django_db


def call(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of the whole WSGI application's answer."""
    status, _, answer = whole_answer(method, path, headers, body)
    return status, answer


def headers_of(method: str, path: str, headers: dict[str, str], body: bytes) -> dict[str, str]:
    """The headers of the whole WSGI application's answer."""
    return whole_answer(method, path, headers, body)[1]


def whole_answer(
    method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the whole WSGI application's answer."""
    path, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "HTTP_HOST": "localhost", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)), "wsgi.input_terminated": True, **headers,
    }  # fmt: skip
    started: list[tuple[str, list[tuple[str, str]]]] = []
    answer = b"".join(application(environ, lambda status, headers: started.append((status, headers))))
    ((status, sent),) = started
    return int(status[:3]), dict(sent), answer


def error(body: bytes) -> str:
    """The code of an answer in the product's shape."""
    return str(json.loads(body)["error"]["code"])


@pytest.mark.parametrize("parameter", [*(f"charset={codec}" for codec in CODECS), *EXTENDED])
def test_no_parameter_of_a_header_reaches_a_codec(parameter: str) -> None:
    for path in (
        "/livez?x=%41",
        "/nope?x=%ff",
        "/dashboard?x=%41",
        "/v1/traces?x=%ff",
        "/static/nope.css?x=%41",
    ):
        plain = call("GET", path, {})[0]

        assert call("GET", path, {"CONTENT_TYPE": f"a/b; {parameter}"})[0] == plain
        assert call("GET", path, {"HTTP_ACCEPT": f"text/html; {parameter}"})[0] == plain
    for path in ("/dashboard/sign-in", "/v1/provision", "/v1/traces", "/nope"):
        assert call("POST", path, {"CONTENT_TYPE": f"application/json; {parameter}"}, b"{}")[0] < 500


@pytest.mark.parametrize("codec", CODECS)
def test_a_form_in_another_charset_is_refused_before_it_is_read(codec: str) -> None:
    body = b"csrfmiddlewaretoken=-" + b"a" * 200_000
    for path in ("/admin/login/", "/dashboard/sign-in", "/dashboard/recover"):
        headers = {"CONTENT_TYPE": f"{URL_ENCODED}; charset={codec}", "HTTP_COOKIE": "csrftoken=" + "a" * 32}
        start = time.process_time()

        status, answer = call("POST", path, headers, body)

        assert (status, error(answer)) == (415, "charset_not_supported")
        assert time.process_time() - start < 0.5


@pytest.mark.parametrize("charset", ["utf-8", "UTF8", '"utf-8"', "us-ascii"])
def test_a_form_in_utf_8_is_read(charset: str) -> None:
    headers = {"CONTENT_TYPE": f"{URL_ENCODED}; charset={charset}"}

    status, answer = call("POST", "/dashboard/sign-in", headers, b"csrfmiddlewaretoken=a")

    assert (status, error(answer)) == (403, "csrf_failed")  # as without the parameter


def test_forms_are_bounded_with_a_declared_length_and_in_chunks() -> None:
    for size, expected in ((MOST_FORM_BYTES - 200, 403), (MOST_FORM_BYTES + 1, 413)):
        for framing in ({}, {"HTTP_TRANSFER_ENCODING": "chunked"}):
            headers = {"CONTENT_TYPE": URL_ENCODED, **framing}

            status, answer = call("POST", "/admin/login/", headers, b"a=" + b"a" * size)

            assert status == expected
            assert error(answer) == {403: "csrf_failed", 413: "body_too_large"}[expected]


def test_what_django_cannot_make_a_request_of_is_a_400_in_shape() -> None:
    status, answer = call("GET", "/\u20ac", {})  # no byte string, as WSGI wants it

    assert (status, error(answer)) == (400, "bad_request")


def test_what_browsers_and_exporters_send_stays() -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

    assert plain_accept(accept) == accept
    assert b"<html" in call("GET", "/nope", {"HTTP_ACCEPT": accept + ", text/x; x*=idna''%ff"})[1]
