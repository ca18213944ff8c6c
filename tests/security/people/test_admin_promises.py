"""What a page of the admin asks to be confirmed is then done, and no sign-in leads to a foreign or missing page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import FeedKey, MailChoice, Notice
from diagnosis.notices import feed_keys
from loopkit import roles
from tenants.keys.provisioning import MintedProject
from tenants.models import AccessRequest, AuditEntry, Tenant
from tests.loopkit.test_roles import rows_of, url, with_role
from tests.module_data import ModuleData, copy_of_client
from tests.staff_clients import operator

PASSWORD = "correct horse battery"
CONFIRMS = b"Yes, I\xe2\x80\x99m sure"
HOSTILE = [
    "//evil.example", "///evil.example", "////evil.example", "https://evil.example", "http:///evil.example",
    "https:evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "javascript:alert(1)",
    "data:text/html,x", "\t//evil.example", " //evil.example", "/\t/evil.example", "//evil.example@testserver",
    "https://testserver@evil.example", "https://testserver.evil.example", "ftp://testserver/", "evil.example",
    "//evil.example\r\nX-Evil: 1", "\x00//evil.example", "/nowhere", "/accounts/profile/", "//[::1",
    "?next=//evil.example", "http://[", "///",
]  # fmt: skip


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """A row of every model, and who may delete most."""

    def build() -> tuple[dict[str, Client], dict[type[Model], list[str]]]:
        roles.make_roles()
        rows: dict[type[Model], list[str]] = {model: [pk] for model, pk in rows_of("alice").items()}
        bare = [
            Tenant.objects.create(tenant_id=name, name=name) for name in ("bare", "keys", "revoked", "mailed")
        ]
        for tenant in bare[1:3]:
            feed_keys.mint_feed_key(tenant, "chat", timezone.now())
        FeedKey.objects.filter(tenant="revoked").update(revoked_at=timezone.now())
        user = User.objects.create_user("carl", is_staff=True)
        MailChoice.objects.create(tenant=bare[3], user=user)
        request = AccessRequest.objects.create(name="x", email="x@example.org", created_at=timezone.now())
        browsers = {"superuser": operator(), "operator": with_role("opal", "operator")}
        return browsers, rows | {
            Tenant: ["alice", *(tenant.pk for tenant in bare)],
            User: [str(user.pk), str(User.objects.get(username="boss").pk)],
            Group: [str(Group.objects.get(name="viewer").pk)],
            AccessRequest: [str(request.pk)],
            AuditEntry: [str(AuditEntry.objects.latest("sequence").pk)],
            Notice: [str(Notice.objects.latest("pk").pk)],
        }

    yield from build_module_data(build)


@pytest.mark.parametrize("who", ["superuser", "operator"])
def test_what_the_page_asks_to_be_confirmed_is_done(db: None, module_data: ModuleData, who: str) -> None:
    browsers, rows = module_data.built
    browser, outcomes = copy_of_client(browsers[who]), {}

    for model, pks in rows.items():
        for pk in pks:
            pages = [(url(model, "delete", pk), {})]
            pages += [(url(model, "changelist"), {"action": "delete_selected", "_selected_action": pk})]
            for path, chosen in pages:
                with transaction.atomic():
                    page = browser.post(path, chosen) if chosen else browser.get(path)
                    asks = page.status_code == 200 and CONFIRMS in page.content
                    done = browser.post(path, chosen | {"post": "yes"})
                    is_gone = not model._default_manager.filter(pk=pk).exists()
                    transaction.set_rollback(True)
                outcomes[model._meta.model_name, pk, bool(chosen)] = (asks, is_gone, done.status_code < 500)

    assert {
        key: found for key, found in outcomes.items() if found not in [(True,) * 3, (False, False, True)]
    } == {}
    assert {model._meta.model_name for model in admin.site._registry} == {name for name, *_ in outcomes}
    gone = {pk for (name, pk, _), (_, is_gone, _) in outcomes.items() if name == "tenant" and is_gone}
    assert gone == {"bare", "keys", "revoked", "mailed"}


@pytest.mark.parametrize("where", ["field", "query", "both"])
@pytest.mark.parametrize("target", HOSTILE)
def test_signing_in_to_the_admin_leads_to_the_admin(db: None, target: str, where: str) -> None:
    User.objects.create_superuser("olga", password=PASSWORD)
    form = {"username": "olga", "password": PASSWORD} | ({"next": target} if where != "query" else {})
    query = {"next": target} if where != "field" else {}
    browser = Client()

    answer = browser.post(reverse("admin:login", query=query) if query else reverse("admin:login"), form)

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"
    assert browser.get(answer["Location"]).status_code == 200


@pytest.mark.parametrize("target", HOSTILE)
def test_who_is_signed_in_already_is_led_to_the_admin_too(db: None, target: str) -> None:
    answer = operator("otto").get("/admin/login/", {"next": target})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("target", HOSTILE)
def test_signing_in_to_the_dashboard_leads_to_the_dashboard(alice: MintedProject, target: str) -> None:
    form = {"agent_key": alice.keys["agent"], "next": target}

    answer = Client().post("/dashboard/sign-in", form)

    assert (answer.status_code, answer["Location"]) == (302, "/dashboard")


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("path", ["/admin/logout/", "/dashboard/sign-out", "/dashboard/diagnose"])
def test_no_other_page_is_led_astray_by_next(alice: MintedProject, path: str, target: str) -> None:
    browser = operator("otto")
    browser.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})

    answer = browser.post(path, {"next": target})

    assert answer.headers.get("Location", "/").startswith("/")
    assert not answer.headers.get("Location", "/").startswith(("//", "/\\"))
    assert "evil" not in answer.headers.get("Location", "")
