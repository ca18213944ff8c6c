"""Signing in to the admin: failures are counted by network, and above the rate no password is looked at."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def olga(db: None, settings: Any) -> User:
    """Staff with a password, where two failures an hour are allowed."""
    settings.LOOPKIT_RECOVER_RATE = "2/h"
    return User.objects.create_superuser("olga", password=PASSWORD)


def sign_in(password: str, network: str = "192.0.2.1", **more: str) -> Any:
    """The answer to the form."""
    return Client(REMOTE_ADDR=network).post(
        LOGIN, {"username": "olga", "password": password, "next": "/admin/", **more}
    )


def test_the_admin_names_this_form_as_its_own() -> None:
    assert reverse("admin:login") == LOGIN
    assert Client().get("/admin/")["Location"] == f"{LOGIN}?next=/admin/"


def test_signing_in_and_out_have_one_name_each() -> None:
    browser = Client()
    form = browser.get(LOGIN).content.decode()
    refused = browser.post(LOGIN, {"username": "olga", "password": "wrong"}).content.decode()
    browser.force_login(User.objects.get(username="olga"))
    inside = browser.get("/admin/").content.decode()
    outside = browser.post("/admin/logout/").content.decode()

    assert "<title>Sign in | LoopKit</title>" in form
    assert '<input type="submit" value="Sign in">' in form
    assert "Please enter the correct username and password" in refused
    assert ">Sign out</button>" in inside
    assert "Sign in again" in outside
    for page in (form, refused, inside, outside):
        assert re.findall(r"[Ll]og(?:ged)? (?:in|out)\b", page) == []


def test_failures_above_the_rate_are_a_429_with_a_page() -> None:
    answers = [sign_in("wrong") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) >= 1
    page = answers[-1].content.decode()
    assert "Sign-in rate limit reached for your network (2/h)." in page
    assert re.search(r"Try again in \d+ minutes?\.", page)
    assert "no-store" in answers[-1]["Cache-Control"]


def test_above_the_rate_a_right_password_is_not_looked_at() -> None:
    for _ in range(2):
        sign_in("wrong")

    assert sign_in(PASSWORD).status_code == 429
    assert sign_in(PASSWORD, network="192.0.2.9")["Location"] == "/admin/"


def test_only_failures_count() -> None:
    answers = [sign_in(PASSWORD) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {302}


def test_another_name_is_counted_too() -> None:
    answers = [sign_in("wrong", username=f"person-{n}") for n in range(3)]

    assert answers[-1].status_code == 429


def test_the_form_itself_is_shown_above_the_rate() -> None:
    for _ in range(3):
        sign_in("wrong")

    assert Client(REMOTE_ADDR="192.0.2.1").get(LOGIN).status_code == 200


def test_a_form_without_its_token_is_no_attempt() -> None:
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.1")

    refused = [strict.post(LOGIN, {"username": "olga", "password": "wrong"}) for _ in range(3)]

    assert {answer.status_code for answer in refused} == {403}
    assert sign_in(PASSWORD).status_code == 302
