"""
Every form and every action of the admin, as a superuser, with ids and values that no row can have: each is refused on
the page, and none fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import cycle, islice
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from diagnosis.models import Notice
from loopkit import roles
from tenants.models import AccessRequest, AuditEntry
from tests.loopkit.test_roles import rows_of, url
from tests.module_data import ModuleData, copy_of_client
from tests.security.url_paths import admin_paths
from tests.staff_clients import operator
from tests.thorough import thorough

IMPOSSIBLE = ["x", "9" * 30, "\0"]
SESSION_PAGES = ("/admin/login/", "/admin/logout/")


class Place(NamedTuple):
    """A superuser's browser, and a row of every model."""

    browser: Client
    rows: dict[type[Model], list[str]]


class Form(HTMLParser):
    """The controls of a page's forms, by name, with the values that a browser would send."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.offered: dict[str, list[str]] = {}
        self.select = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A control, or an option of the last select."""
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "option":
            self.offered.setdefault(self.select, []).append(value)
            if "selected" in given:
                self.sent.setdefault(self.select, []).append(value)
        elif name and tag in {"input", "select", "textarea"}:
            self.select = name if tag == "select" else self.select
            is_chosen = tag == "input" and (
                given.get("type") not in {"checkbox", "radio"} or "checked" in given
            )
            self.sent.setdefault(name, []).extend([value] if is_chosen else [])


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """A row of every model."""

    def build() -> Place:
        roles.make_roles()
        rows: dict[type[Model], list[str]] = {model: [pk] for model, pk in rows_of("alice").items()}
        user = User.objects.create_user("carl", is_staff=True)
        asked = AccessRequest.objects.create(name="x", email="x@example.org", created_at=timezone.now())
        others = [
            user,
            asked,
            Group.objects.latest("pk"),
            AuditEntry.objects.latest("pk"),
            Notice.objects.latest("pk"),
        ]
        return Place(operator(), rows | {type(row): [str(row.pk)] for row in others})

    yield from build_module_data(build)


@pytest.fixture
def place(db: None, data_dir: Any, module_data: ModuleData) -> Place:
    """That, for one test."""
    built: Place = module_data.built
    return Place(copy_of_client(built.browser), built.rows)


def status(browser: Client, path: str, sent: dict[str, Any]) -> int:
    """The status of the answer to a form, whose changes are taken back."""
    with transaction.atomic():
        answer = browser.post(path, sent)
        transaction.set_rollback(True)
    return int(answer.status_code)


@pytest.mark.parametrize("each", [1, *thorough(len(IMPOSSIBLE))])
def test_no_form_of_the_admin_fails_with_an_impossible_value(place: Place, each: int) -> None:
    """One value in each control, another one in the next; `make thorough` tries all in each."""
    browser, wrong, tried = Client(raise_request_exception=False), [], 0
    browser.cookies = place.browser.cookies
    values = cycle(IMPOSSIBLE)

    for path in admin_paths(place.rows):
        page = browser.get(path) if path not in SESSION_PAGES else None
        if page is None or page.status_code != 200 or page.streaming:
            continue
        sent = {name: values for name, values in Form(page.content).sent.items() if "csrf" not in name}
        for name in sent:
            for value in islice(values, each):
                tried += 1
                if (found := status(browser, path, sent | {name: [value]})) >= 500:
                    wrong.append((path, name, value, found))

    assert wrong == []
    assert tried > 140 * each


def test_no_action_fails_with_an_impossible_id(place: Place) -> None:
    browser, wrong, tried = Client(raise_request_exception=False), [], 0
    browser.cookies = place.browser.cookies
    before = {model: model._default_manager.count() for model in admin.site._registry}

    for model in admin.site._registry:
        path = url(model, "changelist")
        for action in filter(None, Form(browser.get(path).content).offered.get("action", [])):
            for value in IMPOSSIBLE:
                tried += 1
                answer = browser.post(path, {"action": action, "_selected_action": [value], "post": "yes"})
                if answer.status_code >= 500:
                    wrong.append((path, action, value, answer.status_code))

    assert wrong == []
    assert tried > 30
    assert {model: model._default_manager.count() for model in admin.site._registry} == before
