"""A session that was left open is not enough to guess its password; the owner changes the password on record."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tenants.models import AuditEntry
from tests.staff_clients import signed_in

PATH = "/admin/password_change/"
PASSWORD, NEW = "correct horse battery", "new staple 4711 gibbon"
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    """A session of staff with a password."""
    return signed_in(User.objects.create_user("olga", password=PASSWORD, is_staff=True))


def change(
    browser: Client, old: str, new: str = NEW, repeated: str = NEW, network: str = "203.0.113.7"
) -> Any:
    """The answer to the form."""
    form = {"old_password": old, "new_password1": new, "new_password2": repeated}
    return browser.post(PATH, form, REMOTE_ADDR=network)


def entries() -> list[tuple[str, str, str, str]]:
    """(event, actor, target, address) of the log, oldest first."""
    rows = AuditEntry.objects.order_by("sequence")
    return [
        (row.event, row.actor, row.target, row.address)
        for row in rows
        if row.event != AuditEntry.Event.SIGNED_IN
    ]


def test_wrong_present_passwords_are_bounded_and_recorded(browser: Client) -> None:
    statuses = [change(browser, f"guess {n}").status_code for n in range(25)]

    assert statuses == [200] * 10 + [429] * 15
    assert change(browser, PASSWORD).status_code == 429  # otherwise guessing could go on
    assert User.objects.get().check_password(PASSWORD)
    assert entries() == [("sign_in_failed", "user:olga", "user:olga", "203.0.113.7")] * 10


def test_wrong_present_passwords_from_many_networks_are_bounded(browser: Client) -> None:
    statuses = [change(browser, "guess", network=f"{n}.7.7.7").status_code for n in range(100, 125)]

    assert statuses == [200] * 13 + [429] * 12


def test_the_owner_changes_the_password_on_record_and_stays_signed_in(browser: Client) -> None:
    mistakes = [change(browser, PASSWORD, repeated="something else").status_code for _ in range(12)]
    changed = change(browser, PASSWORD)

    assert (mistakes, changed.status_code) == ([200] * 12, 302)
    assert User.objects.get().check_password(NEW)
    assert browser.get(PATH).status_code == 200
    assert entries() == [("changed", "user:olga", "user:olga", "203.0.113.7")]
    kept = AuditEntry.objects.get(event="changed").detail
    assert kept == {"password": "changed"}


def test_who_is_not_signed_in_is_asked_to(browser: Client) -> None:
    answer = change(Client(), PASSWORD)

    assert (answer.status_code, answer["Location"]) == (302, f"/admin/login/?next={PATH}")
