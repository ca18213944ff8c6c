"""
The production environments of a project decide severities, and so how many must approve: operators alone name them.

That no key changes the setting by any route is held by test_key_writes.py, too.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Project
from tests.staff_clients import home, member, operator

NAMES = ["nowhere"]
FIELDS = {
    "name": "renamed", "state": "active", "plan": "", "quota_spans": "",
    "expires_at_0": "", "expires_at_1": "", "context_log_days": "0",
    "keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0", "production_environments": "nowhere",
}  # fmt: skip


def send_form(client: Client, project: Project) -> Project:
    """The project after the form that renames it and names its production environments."""
    page = f"/admin/tenants/project/{project.pk}/change/"
    client.post(page, FIELDS | {"tenant": project.tenant_id})
    return Project.objects.get(pk=project.pk)


def test_a_member_with_every_permission_but_to_operate_names_no_environment(alice: MintedProject) -> None:
    project = home(alice.project, "acme")

    changed = send_form(member("manages", project.tenant), project)

    assert (changed.name, changed.production_environments) == ("renamed", [])


def test_an_operator_names_them_on_record(alice: MintedProject) -> None:
    changed = send_form(operator(), home(alice.project, "acme"))

    assert changed.production_environments == NAMES
    entry = AuditEntry.objects.filter(detail__has_key="production_environments").get()
    assert (entry.actor, entry.detail["production_environments"]) == (
        "user:boss",
        {"before": [], "after": NAMES},
    )


@pytest.mark.parametrize("kind", ["agent", "producer", "feedback"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/runs/diagnose", {"since_minutes": 60}),
        ("/v1/feedback", {"rating": "down", "session_id": "s"}),
        ("/v1/traces", {"resourceSpans": []}),
    ],
)
def test_no_key_names_them(
    alice: MintedProject, call: Any, kind: str, path: str, body: dict[str, Any]
) -> None:
    call("POST", path, alice.keys[kind], body | {"production_environments": NAMES})
    call("POST", f"{path}?production_environments=nowhere", alice.keys[kind], body)

    assert Project.objects.get().production_environments == []
