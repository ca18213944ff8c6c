"""What every page tells the browser, and that no page holds code or style of its own, over the URL configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.http import HttpResponse
from django.test import Client

from diagnosis.models import Loop, Packet
from loopkit import roles
from tenants.keys import provisioning
from tenants.models import Key, Project, Tenant
from tests.loopkit.test_roles import rows_of
from tests.module_data import ModuleData, copy_of_client
from tests.security.url_paths import admin_paths, filled_paths
from tests.staff_clients import Reader, operator

POLICY = {
    "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "font-src": "'self'",
    "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'none'",
}  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """A row of every model that has a page, and two browsers: a superuser's and a key's."""

    def build() -> tuple[dict[str, Client], dict[type[Model], list[str]]]:
        roles.make_roles()
        rows: dict[type[Model], list[str]] = {model: [pk] for model, pk in rows_of("alice").items()}
        minted = provisioning.mint_project("bob", "", Project.objects.get().created_at, claim=False)
        visitor = Client()
        visitor.post("/dashboard/sign-in", {"agent_key": minted.keys["agent"]})
        browsers = {"superuser": operator(), "visitor": visitor, "anonymous": Client()}
        return browsers, rows | {User: [str(User.objects.get(username="boss").pk)]}

    yield from build_module_data(build)


def faults(path: str, answer: HttpResponse) -> Iterator[str]:
    """What the answer lacks, or has and should not."""
    for name, value in HEADERS.items():
        if answer.headers.get(name) != value:
            yield f"{path}: {name}: {answer.headers.get(name)}"
    directives = dict(
        part.strip().split(" ", 1) for part in answer.get("Content-Security-Policy", "x y").split(";")
    )
    if directives != POLICY:
        yield f"{path}: {directives}"
    if "html" in answer.get("Content-Type", "") and not answer.streaming:
        yield from (f"{path}: {what}" for what in Reader(answer).forbidden)


@pytest.mark.parametrize("who", ["superuser", "visitor", "anonymous"])
def test_every_answer_holds_the_browser_to_the_policy(db: None, module_data: ModuleData, who: str) -> None:
    browsers, rows = module_data.built
    browser = copy_of_client(browsers[who])
    paths = {path for path in filled_paths() if not path.startswith("/admin/")} | {
        "/nowhere",
        "/dashboard/nowhere",
    }
    paths |= set(admin_paths(rows)) if who == "superuser" else {"/admin/login/", "/admin/"}
    browser.raise_request_exception = False

    found = [
        fault for path in sorted(paths - {"/admin/logout/"}) for fault in faults(path, browser.get(path))
    ]

    assert found == []


@pytest.mark.parametrize(
    "path", ["/admin/login/", "/dashboard/sign-in", "/dashboard/recover", "/v1/recover", "/nowhere"]
)
def test_answers_to_forms_hold_the_browser_to_it_too(db: None, path: str) -> None:
    refused = Client(enforce_csrf_checks=True).post(path, {"username": "x"}, headers={"Accept": "text/html"})

    assert refused.status_code in {400, 403, 404, 415}
    assert list(faults(path, refused)) == []


def test_the_pages_that_were_read_have_rows(db: None, module_data: ModuleData) -> None:
    _, rows = module_data.built

    assert {Loop, Packet, Key, Tenant, Project} <= rows.keys()
