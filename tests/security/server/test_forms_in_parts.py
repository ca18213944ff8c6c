"""
A form in parts has headers in each part, which Django parses as it parses those of a request. No page needs one, so
none reaches Django.
"""

from __future__ import annotations

import encodings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.staticfiles.finders import get_finders
from django.forms import BaseForm
from django.test import Client

from tests import ROOT
from tests.loopkit.test_roles import url
from tests.security.server.test_header_parameters import call, error, headers_of

pytestmark = pytest.mark.django_db
FORM = "multipart/form-data; boundary=B"
SPELLINGS = [
    FORM, "Multipart/Form-Data;boundary=B", " multipart/form-data ; boundary=B", "multipart/form-data",
    'multipart/form-data; boundary="B"; charset=utf-8', "multipart/form-data; x*=hex''%ff; boundary=B",
]  # fmt: skip
PART_HEADERS = [
    "Content-Disposition: form-data; name=csrfmiddlewaretoken",
    "Content-Disposition: form-data; name*0=a; name*=b''c",  # pieces with and without a number
    "Z: q; a*0*=b; a*=c",
    "Content-Type: text/plain; charset*=never-heard-of''x",
    "Content-Transfer-Encoding: base64",
    "",
]
PATHS = ["/admin/login/", "/dashboard/sign-in", "/dashboard/recover", "/v1/provision", "/v1/traces", "/nope"]
MARKUP = ("enctype", "FormData", "multipart")


def body(header: str) -> bytes:
    """A form of one part, with that header."""
    return f"--B\r\n{header}\r\n\r\nx\r\n--B--\r\n".encode()


@pytest.mark.parametrize("content_type", SPELLINGS)
@pytest.mark.parametrize("header", PART_HEADERS)
def test_a_form_in_parts_is_refused_whatever_its_parts_say(content_type: str, header: str) -> None:
    for path in PATHS:
        status, answer = call("POST", path, {"CONTENT_TYPE": content_type}, body(header))

        assert status == 415
        if path != "/v1/traces":  # whose errors have the shape of OTLP
            assert error(answer) == "unsupported_media_type"


def test_no_name_of_a_codec_is_kept() -> None:
    known = set(encodings._cache)
    for path in PATHS:
        for number in range(20):
            header = f"A: b; c*=unheard-of-{number}''x"
            for method, headers in (
                ("POST", {"CONTENT_TYPE": FORM}),
                ("POST", {"CONTENT_TYPE": f"a/b; c*=unheard-of-{number}''x; charset=unheard-of-{number}"}),
                (
                    "GET",
                    {"HTTP_ACCEPT": f"text/html; c*=unheard-of-{number}''x; charset=unheard-of-{number}"},
                ),
            ):
                call(method, path, headers, body(header))

    assert {name for name in encodings._cache if "unheard" in name} - known == set()


def subclasses(base: type[Any]) -> Iterator[type[Any]]:
    """Every class that is derived from it so far."""
    for kind in base.__subclasses__():
        yield kind
        yield from subclasses(kind)


def test_no_form_has_a_field_for_a_file(admin_client: Client) -> None:
    for model in admin.site._registry:  # makes the classes of the admin's forms
        admin_client.get(url(model, "add"))

    fields = [
        (kind, field) for kind in subclasses(BaseForm) for field in vars(kind).get("base_fields", {}).values()
    ]

    assert len(fields) > 60
    assert [kind for kind, field in fields if field.widget.needs_multipart_form] == []


def test_no_template_or_script_sends_a_form_in_parts() -> None:
    files = [str(path) for path in (ROOT / "templates").rglob("*.html")]
    for finder in get_finders():
        # REST framework's pages, which its script is for, are not served.
        files += [
            storage.path(path) for path, storage in finder.list(["rest_framework"]) if path.endswith(".js")
        ]

    texts = {path: Path(path).read_text(errors="replace") for path in files}

    assert len(texts) > 60
    assert [path for path, text in texts.items() if any(word in text for word in MARKUP)] == []


@pytest.mark.parametrize("path", [*PATHS, "/v1/feedback"])
def test_a_page_of_another_origin_can_read_why_its_form_was_refused(path: str) -> None:
    sent = {"CONTENT_TYPE": FORM, "HTTP_ORIGIN": "https://shop.example"}

    allowed = [headers_of("POST", path, sent, body("")).get("Access-Control-Allow-Origin")]

    assert allowed == ["*" if path in ("/v1/traces", "/v1/feedback") else None]
