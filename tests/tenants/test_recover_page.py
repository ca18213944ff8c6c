"""Recovering keys in the browser: shown in one answer, refused with the reason in the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject

SECRET = "a secret of this file"


@pytest.fixture
def browser(db: None) -> Client:
    """A browser that nobody has signed in with."""
    return Client(headers={"Accept": "text/html"})


@pytest.fixture
def recover(browser: Client, settings: Any) -> Callable[..., Any]:
    """`recover(project_id)`: the answer to the form, with the true code unless another is given."""
    settings.SIGNUP_UPGRADE_SECRET = SECRET

    def send(project_id: str, code: str | None = None) -> Any:
        code = credentials.recovery_code(SECRET, project_id) if code is None else code
        return browser.post("/dashboard/recover", {"project_id": project_id, "recovery_code": code})

    return send


def test_recovering_shows_the_new_keys_once_and_they_sign_in(
    browser: Client, recover: Any, alice: MintedProject
) -> None:
    answer = recover(alice.project.project_id)

    keys = {key["kind"]: key["raw"] for key in answer.context["keys"]}
    assert answer.status_code == 200
    assert set(keys) == {"producer", "agent", "feedback"}
    assert all(answer.content.decode().count(key) == 1 for key in keys.values())
    assert "no-store" in answer["Cache-Control"]
    assert browser.post("/dashboard/sign-in", {"agent_key": keys["agent"]}).status_code == 302
    assert browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]}).status_code == 403


@pytest.mark.parametrize(
    ("project_id", "code", "status", "said"),
    [
        ("alice", "0" * 64, 403, "Recovery code verification failed."),
        ("nobody-00000000", "0" * 64, 404, "No such project"),
        ("<b>nobody</b>", "0" * 64, 404, "&lt;b&gt;nobody&lt;/b&gt;"),
        ("", "", 400, "project_id: "),
        ("a\x00", "x", 400, "Null characters are not allowed."),
    ],
)
def test_a_refused_recovery_says_why_in_the_form(
    recover: Any, alice: MintedProject, project_id: str, code: str, status: int, said: str
) -> None:
    answer = recover(alice.project.project_id if project_id == "alice" else project_id, code)

    assert answer.status_code == status
    assert said in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()
    assert not alice.project.keys.exclude(revoked_at=None).exists()


def test_recovering_too_often_is_a_429_with_retry_after(
    recover: Any, alice: MintedProject, settings: Any
) -> None:
    settings.LOOPKIT_RECOVER_RATE = "1/h"

    answers = [recover(alice.project.project_id, "wrong") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [403, 429]
    assert int(answers[-1]["Retry-After"]) >= 1


def test_an_instance_that_cannot_recover_says_so(recover: Any, alice: MintedProject, settings: Any) -> None:
    settings.SIGNUP_UPGRADE_SECRET = ""

    answer = recover(alice.project.project_id, "x")

    assert answer.status_code == 503
    assert "Recovery unavailable" in answer.content.decode()
