"""
Django's own security releases since December 2024: what of them LoopKit uses, and how; the rest it does not contain.

https://docs.djangoproject.com/en/stable/releases/security/. Versions: tests/security/test_dependency_floors.py.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory, override_settings

from benchmarks.layout import product_files
from tenants.keys.provisioning import MintedProject
from tests import ROOT
from tests.diagnosis.factory import make_loop
from tests.staff_clients import home, member, operator

pytestmark = pytest.mark.django_db
SECONDS = 1.0  # of CPU; what was quadratic took many
# The feature of each advisory, as code would use it. None of it is in the product or in its templates.
UNUSED = {
    "CVE-2026-87890, CVE-2026-15307, CVE-2026-15830, CVE-2026-53877, CVE-2026-1207, CVE-2026-111211, CVE-2026-111362, "
    "CVE-2026-114582: GeoDjango": r"contrib\.gis",
    "CVE-2026-113593, CVE-2026-48588, CVE-2026-8404, CVE-2026-35193, CVE-2026-48587, CVE-2026-6907, CVE-2026-35192: "
    "the cache of pages": r"UpdateCacheMiddleware|FetchFromCacheMiddleware|cache_page|SESSION_SAVE_EVERY_REQUEST",
    "CVE-2026-5766, CVE-2026-3902, CVE-2026-33034, CVE-2025-14550: ASGI": r"ASGI_APPLICATION|get_asgi_application",
    "CVE-2026-77050, CVE-2026-15337, CVE-2025-27556: languages of clients":
        r"LocaleMiddleware|i18n_patterns|set_language|check_for_language|get_supported_language_variant",
    "CVE-2026-1285, CVE-2025-32873, CVE-2025-26699, CVE-2024-53907: filters of HTML":
        r"strip_?tags|urlize|truncate(chars|words)_html|wordwrap|utils\.text import .*wrap",
    "CVE-2026-6873: signed cookies": r"signed_cookie",
    "CVE-2026-53878: host names in forms": r"DomainNameValidator",
    "CVE-2026-4277: generic inlines": r"Generic(Tabular|Stacked)?Inline",
    "CVE-2026-4292: lists that are edited": r"list_editable",
    "CVE-2026-25674: files by upload and file caches": r"FileBasedCache|FileSystemStorage|FileField|ImageField",
    "CVE-2026-25673, CVE-2026-15920: URLs in model fields": r"models\.URLField",
    "CVE-2025-13473: mod_wsgi": r"handlers\.modwsgi",
    "CVE-2025-64460: fixtures in XML": r"serializers\.deserialize",
    "CVE-2025-59682: archives": r"utils\.archive",
    "CVE-2026-1312, CVE-2026-1287, CVE-2025-13372, CVE-2025-57833, CVE-2025-59681, CVE-2024-53908: aliases and keys in "
    "queries": r"FilteredRelation|\.extra\(|HasKey|RawSQL",
}  # fmt: skip


@pytest.mark.parametrize("advisory", UNUSED)
def test_the_product_does_not_use_the_feature(advisory: str) -> None:
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]

    using = [
        path for path in (*product_files(ROOT), *templates) if re.search(UNUSED[advisory], path.read_text())
    ]

    assert using == []


@pytest.mark.parametrize(
    "header", ["Accept", "Content-Type", "Content-Encoding", "Accept-Language", "Forwarded"]
)
@pytest.mark.parametrize(
    "value", ['text/html; q="' + ";" * 8000 + '"', "a;" * 4000, ",".join(["*/*;q=1"] * 1000)]
)
def test_no_header_takes_long_to_parse(
    alice: MintedProject, call: Callable[..., Any], header: str, value: str
) -> None:
    """CVE-2026-84429: headers with many separators inside quotes were parsed in quadratic time."""
    call("GET", "/v1/loops", alice.keys["agent"])  # the first request loads what all use
    started = time.process_time()

    answers = [
        call(method, path, alice.keys[kind], b"{}", **{header: value})
        for method, path, kind in (("POST", "/v1/traces", "producer"), ("GET", "/v1/loops", "agent"))
    ]

    assert time.process_time() - started < SECONDS
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []


def test_no_form_of_the_admin_takes_a_primary_key() -> None:
    """CVE-2026-87975: a formset whose form has the primary key deleted and made rows outside of its queryset."""
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("boss")
    forms = [
        inline.get_formset(request).form
        for model_admin in admin.site._registry.values()
        for inline in model_admin.get_inline_instances(request, obj=None) or [
            kind(model_admin.model, admin.site) for kind in model_admin.inlines
        ]
    ]  # fmt: skip

    assert forms
    assert [form for form in forms if form._meta.model._meta.pk.name in form.base_fields] == []


@pytest.mark.parametrize("path", ["/admin/login/", "/dashboard/sign-in", "/v1/provision", "/v1/traces"])
def test_a_part_in_base64_is_not_held_whole(path: str) -> None:
    """CVE-2026-108147 and CVE-2026-33033: uploads in base64 by anybody, held in memory or read in quadratic time."""
    head = (
        'Content-Disposition: form-data; name="f"; filename="f"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    body = f"--x\r\n{head}{'QUFB ' * 600_000}\r\n--x--\r\n"
    started = time.process_time()

    answer = Client(enforce_csrf_checks=True).post(path, body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code in (400, 401, 403, 413, 415)
    assert time.process_time() - started < 4 * SECONDS


@pytest.mark.parametrize("part", ["%0aFAKE%20line", "%0d%0aFAKE", "%1b[2J", "%c2%9b31m", "%e2%80%a8FAKE"])
def test_a_path_writes_one_visible_line_to_the_log(part: str, caplog: pytest.LogCaptureFixture) -> None:
    """CVE-2025-48432: control characters of a request's path were written to the log."""
    with caplog.at_level(logging.DEBUG):
        for path in (f"/{part}", f"/v1/loops/{part}", f"/admin/{part}"):
            Client(raise_request_exception=False).get(path)

    messages = [
        record.getMessage() for record in caplog.records if "FAKE" in record.getMessage() or "[" in part
    ]
    assert [message for message in messages if re.search(r"[\x00-\x1f\x7f\x80-\x9f\u2028]", message)] == []


@pytest.mark.parametrize(
    "query", ["_connector=OR+1%3D1", "_negated=1", "pk__in=1)+OR+1=1", "__proto__=1", "a.b=1"]
)
def test_no_parameter_becomes_a_part_of_a_query(
    alice: MintedProject, charlie: MintedProject, call: Callable[..., Any], query: str
) -> None:
    """CVE-2025-64459: names of parameters that were given to filter() by `**` changed its connector."""
    make_loop(charlie.project, title="charlies own loop")
    staff = member("olga", home(alice.project, "acme").tenant)

    page = staff.get(f"/admin/diagnosis/loop/?{query}", follow=True)
    answers = [
        call("GET", f"/v1/{name}?{query}", alice.keys["agent"]) for name in ("loops", "telemetry", "sessions")
    ]

    assert b"charlies own loop" not in page.content
    assert [answer.status_code for answer in (page, *answers)] == [400, 400, 400, 400]


@override_settings(LOOPKIT_TRUSTED_PROXIES=1)
@pytest.mark.parametrize("address", ["1:" * 4000, "::" + "ffff:" * 2000, "%" * 8000, "1.2.3.4%" + "a" * 4000])
def test_no_address_of_a_client_takes_long(call: Callable[..., Any], address: str) -> None:
    """CVE-2024-56374: long texts were checked as IPv6 addresses."""
    started = time.process_time()

    answer = call(
        "POST", "/v1/recover", data={"project_id": "x", "recovery_code": "y"}, **{"X-Forwarded-For": address}
    )

    assert answer.status_code < 500
    assert time.process_time() - started < SECONDS


def test_a_refused_sign_in_does_not_say_whether_there_is_such_a_person() -> None:
    """CVE-2025-13473, and before it CVE-2024-39329: names of users could be told from how sign-in failed."""
    operator("boss")
    forms = [{"username": name, "password": "wrong"} for name in ("boss", "nobody")]

    pages = [Client().post("/admin/login/", form).content.decode() for form in forms]

    known, unknown = (re.sub(r'csrfmiddlewaretoken" value="\w+"|boss|nobody', "", page) for page in pages)
    assert known == unknown


def test_no_model_field_is_a_file_or_a_geometry() -> None:
    """CVE-2026-25674, CVE-2026-15307: what Django writes of files, and what GDAL opens."""
    fields = [field for model in apps.get_models() for field in model._meta.get_fields()]

    assert not [
        field for field in fields if type(field).__name__ in ("FileField", "ImageField", "GeometryField")
    ]
