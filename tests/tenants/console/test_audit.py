"""The audit log in the admin: members read their tenant's part, superusers all of it, and nobody writes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.audit import audit_log, chain
from tenants.console.scoped import PlainHelpAdmin
from tenants.models import AuditEntry, Tenant
from tests.staff_clients import member, operator

LOG = "/admin/tenants/auditentry/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> list[AuditEntry]:
    """One entry of each of two tenants."""
    said = '<script>alert("x")</script>'
    changed = audit_log.AuditEvent.CHANGED
    return [
        audit_log.append_entry(
            changed, f"tenant:{name}", audit_log.SHELL, timezone.now(), name, name={"before": said}
        )
        for name in ("acme", "globex")
    ]


def downloaded(client: Client) -> list[AuditEntry]:
    """The entries that this person gets."""
    answer: Any = client.get(reverse("admin:tenants_auditentry_download"))
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    return [chain.from_line(line) for line in b"".join(answer.streaming_content).splitlines()]


def test_a_superuser_reads_and_downloads_all_of_it(entries: list[AuditEntry], settings: Any) -> None:
    client = operator()

    page = client.get(LOG).content.decode()
    found = downloaded(client)

    assert "tenant:acme" in page
    assert reverse("admin:tenants_auditentry_download") in page
    assert found[:2] == entries
    assert list(chain.breaks(found, settings.LOOPKIT_AUDIT_SECRET)) == []


def test_the_list_counts_entries_and_says_times_as_all_pages_do(entries: list[AuditEntry]) -> None:
    page = operator().get(LOG).content.decode()

    assert f"{AuditEntry.objects.count()} audit entries" in page
    assert f"{entries[0].at:%b %Y, %H:%M} UTC</td>" in page


def test_a_member_sees_what_concerns_the_tenant(entries: list[AuditEntry]) -> None:
    client = member("anna", Tenant.objects.create(tenant_id="acme", name="Acme"))

    page = client.get(LOG).content.decode()

    assert ("tenant:acme" in page, "tenant:globex" in page) == (True, False)
    assert downloaded(client) == entries[:1]
    assert client.get(f"{LOG}{entries[1].pk}/change/").status_code == 302  # as if it did not exist


def test_without_the_permission_nothing_is_seen(entries: list[AuditEntry]) -> None:
    client = member("anna", Tenant.objects.create(tenant_id="acme", name="Acme"), permissions=[])

    answers = [
        client.get(path).status_code for path in (LOG, f"{LOG}download/", f"{LOG}{entries[0].pk}/change/")
    ]

    assert answers == [403, 403, 403]


def test_nobody_writes_superusers_included(entries: list[AuditEntry]) -> None:
    client, pk = operator(), entries[0].pk
    before = list(AuditEntry.objects.values_list())

    refused = [
        client.post(f"{LOG}{path}", {"actor": "x", "post": "yes"}).status_code
        for path in ("add/", f"{pk}/change/", f"{pk}/delete/")
    ]
    client.post(LOG, {"action": "delete_selected", "_selected_action": [pk], "post": "yes"})

    assert refused == [403, 403, 403]
    assert list(AuditEntry.objects.values_list()) == before
    codenames = Permission.objects.filter(content_type__model="auditentry").values_list("codename", flat=True)
    assert list(codenames) == ["view_auditentry"]


def test_an_entry_is_shown_as_text(entries: list[AuditEntry]) -> None:
    page = operator().get(f"{LOG}{entries[0].pk}/change/").content.decode()

    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


def test_a_help_text_keeps_what_stands_in_angle_brackets(entries: list[AuditEntry]) -> None:
    page = operator().get(f"{LOG}{entries[0].pk}/change/").content.decode()

    assert "user:&lt;name&gt;, key:&lt;id&gt;, anyone, shell, or loopkit." in page
    assert "<name>" not in page


def test_every_admin_of_loopkit_shows_help_texts_as_text() -> None:
    admins = [admin for model, admin in site._registry.items() if not model.__module__.startswith("django.")]

    assert {type(admin) for admin in admins if not isinstance(admin, PlainHelpAdmin)} == set()
