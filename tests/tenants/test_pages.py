"""Signing in and out in the browser: the session holds no key, and ends with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores.project_file import ensure


@pytest.fixture
def browser(db: None) -> Client:
    """A browser that nobody has signed in with."""
    return Client(headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})


@pytest.fixture
def sign_in(browser: Client) -> Callable[..., Any]:
    """`sign_in(key)`: the answer to the form."""

    def send(key: str, **more: str) -> Any:
        return browser.post("/dashboard/sign-in", {"agent_key": key, **more})

    return send


def is_signed_in(browser: Client, project: Project) -> bool:
    """Whether /dashboard shows the project instead of the form."""
    return project.project_id in browser.get("/dashboard").content.decode()


def test_without_a_session_the_dashboard_is_the_sign_in_form(browser: Client) -> None:
    page = browser.get("/dashboard")

    assert page.status_code == 200
    assert 'action="/dashboard/sign-in"' in page.content.decode()
    assert 'action="/dashboard/recover"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_an_agent_key_signs_in(browser: Client, sign_in: Any, alice: MintedProject) -> None:
    answer = sign_in(f" {alice.keys['agent']}\n")

    assert (answer.status_code, answer["Location"]) == (302, "/dashboard")
    assert is_signed_in(browser, alice.project)


def test_neither_session_nor_page_nor_url_holds_the_key(
    browser: Client, sign_in: Any, alice: MintedProject
) -> None:
    key = alice.keys["agent"]
    answer = sign_in(key)

    (stored,) = [repr(row.get_decoded()) for row in Session.objects.all()]
    assert key not in answer["Location"]
    assert key not in stored
    assert credentials.key_digest(key) not in stored
    assert key not in browser.get("/dashboard").content.decode()


def test_signing_in_changes_the_session_id(browser: Client, sign_in: Any, alice: MintedProject) -> None:
    browser.session.save()
    browser.cookies["sessionid"] = planted = browser.session.session_key

    sign_in(alice.keys["agent"])

    assert browser.session.session_key != planted
    assert not Session.objects.filter(pk=planted).exists()


@pytest.mark.parametrize("kind", ["producer", "feedback"])
def test_another_kind_of_key_is_told_which_one_is_right(
    browser: Client, sign_in: Any, alice: MintedProject, kind: str
) -> None:
    answer = sign_in(alice.keys[kind])
    page = answer.content.decode()

    assert answer.status_code == 403
    assert f"{kind} key" in page
    assert "lk_agent_" in page
    assert alice.keys[kind] not in page
    assert not is_signed_in(browser, alice.project)


@pytest.mark.parametrize("key", ["", "hunter2", "lk_agent_<script>", "x" * 100_000, "lk_agent_\x00", "ü"])
def test_what_is_no_key_is_refused_and_not_repeated(sign_in: Any, key: str) -> None:
    answer = sign_in(key)

    assert answer.status_code == 403
    assert "it is mistyped" in answer.content.decode()
    assert not key or key not in answer.content.decode()


def test_a_revoked_key_signs_out_at_once(browser: Client, sign_in: Any, alice: MintedProject) -> None:
    sign_in(alice.keys["agent"])
    assert is_signed_in(browser, alice.project)

    alice.project.keys.update(revoked_at=timezone.now())

    assert "You are signed out" in browser.get("/dashboard").content.decode()
    assert "You are signed out" not in browser.get("/dashboard").content.decode()


@pytest.mark.parametrize(
    "change", [{"state": "suspended"}, {"expires_at": timezone.now() - timedelta(seconds=1)}]
)
def test_a_project_that_ends_signs_out_at_once(
    browser: Client, sign_in: Any, alice: MintedProject, change: Any
) -> None:
    sign_in(alice.keys["agent"])

    Project.objects.filter(pk=alice.project.pk).update(**change)

    assert not is_signed_in(browser, alice.project)


def test_a_page_sends_who_is_signed_out_to_sign_in_and_back(
    browser: Client, sign_in: Any, alice: MintedProject
) -> None:
    sent = browser.get("/dashboard/sessions?since_minutes=60")

    assert sent["Location"] == "/dashboard?next=%2Fdashboard%2Fsessions%3Fsince_minutes%3D60"
    assert 'value="/dashboard/sessions?since_minutes=60"' in browser.get(sent["Location"]).content.decode()
    back = sign_in(alice.keys["agent"], next="/dashboard/sessions?since_minutes=60")
    assert back["Location"] == "/dashboard/sessions?since_minutes=60"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
        "foo",
        "admin:index",
    ],
)
def test_signing_in_leads_to_a_path_of_this_host_and_nowhere_else(
    sign_in: Any, alice: MintedProject, elsewhere: str
) -> None:
    assert sign_in(alice.keys["agent"], next=elsewhere)["Location"] == "/dashboard"


def test_failures_above_the_rate_are_a_429_and_a_right_key_still_signs_in(
    sign_in: Any, alice: MintedProject, settings: Any
) -> None:
    settings.LOOPKIT_RECOVER_RATE = "2/h"

    answers = [sign_in("wrong") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    assert sign_in(alice.keys["agent"]).status_code == 302


def test_signing_out_is_a_post_and_forgets(browser: Client, sign_in: Any, alice: MintedProject) -> None:
    sign_in(alice.keys["agent"])

    assert browser.get("/dashboard/sign-out").status_code == 405
    assert is_signed_in(browser, alice.project)
    assert browser.post("/dashboard/sign-out")["Location"] == "/dashboard"
    assert not is_signed_in(browser, alice.project)


def test_signing_out_leaves_the_admin_signed_in(browser: Client, sign_in: Any, alice: MintedProject) -> None:
    browser.force_login(User.objects.create_superuser("olga"))
    sign_in(alice.keys["agent"])

    browser.post("/dashboard/sign-out")

    assert browser.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["sign-in", "sign-out", "recover", "diagnose"])
def test_a_form_without_its_token_changes_nothing_and_gets_a_page(path: str, alice: MintedProject) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"Accept": "text/html"})

    answer = strict.post(f"/dashboard/{path}", {"agent_key": alice.keys["agent"]})

    assert answer.status_code == 403
    assert "<h1>The form could not be checked</h1>" in answer.content.decode()
    assert not Session.objects.exists()


def test_a_broken_store_is_a_503_page(
    browser: Client, sign_in: Any, alice: MintedProject, caplog: pytest.LogCaptureFixture
) -> None:
    sign_in(alice.keys["agent"])
    file = ensure(alice.project)
    file.write_bytes(b"no database" * 1000)

    page = browser.get("/dashboard/sessions")

    assert page.status_code == 503
    assert page["Retry-After"] == "2"
    assert "not available just now" in page.content.decode()
    assert f"{alice.project} is not available at '/dashboard/sessions': file is not a database" in caplog.text


def test_browsers_get_pages_for_unknown_paths_and_programs_get_json(browser: Client) -> None:
    page = browser.get("/nowhere")
    answer = browser.get("/nowhere", headers={"Accept": "*/*"})

    assert (page.status_code, answer.status_code) == (404, 404)
    assert "<h1>There is nothing here</h1>" in page.content.decode()
    assert answer.json()["error"]["code"] == "not_found"
