"""The operator's console over HTTP: projects, keys, requests for access."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tenants.keys import credentials
from tenants.keys.provisioning import MintedProject
from tenants.models import SANDBOX, AccessRequest, AuditEntry, Key, Project, Tenant
from tests.staff_clients import home, member, operator

KEYS, PROJECTS = "/admin/tenants/key/", "/admin/tenants/project/"


@pytest.fixture
def boss(db: None) -> Client:
    """A superuser's browser."""
    return operator()


def act(client: Client, path: str, action: str, *pks: str) -> Any:
    """A bulk action on these rows; the page that follows."""
    return client.post(path, {"action": action, "_selected_action": pks}, follow=True)


def mint(client: Client, project: Project, **changes: str) -> Any:
    """The answer to the form that mints a key."""
    return client.post(f"{KEYS}add/", {"project": project.pk, "kind": "agent", "expires_at": "", **changes})


def raw_key(response: Any) -> str:
    """The key that the page shows."""
    return next(str(word) for word in response.content.decode().split('"') if word.startswith("lk_agent_"))


def test_a_project_is_made_with_an_id_that_never_changes(boss: Client) -> None:
    Tenant.objects.create(tenant_id="acme", name="Acme")
    fields = {
        "name": "My App", "tenant": "acme", "state": "active", "plan": "", "quota_spans": "1000",
        "expires_at_0": "", "expires_at_1": "", "context_log_days": "0",
    }  # fmt: skip

    boss.post(f"{PROJECTS}add/", fields)
    made = Project.objects.get()
    forms = {f"keys-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    boss.post(f"{PROJECTS}{made.pk}/change/", fields | forms | {"project_id": "other", "quota_spans": "5"})

    changed = Project.objects.get()
    assert changed.project_id == made.project_id
    assert made.project_id.startswith("my-app-")
    assert (changed.quota_spans, changed.created_at) == (5, made.created_at)


def test_an_operator_names_the_production_environments(boss: Client, alice: MintedProject) -> None:
    fields = {
        "name": "alice", "tenant": alice.project.tenant_id, "state": "active", "plan": "", "quota_spans": "",
        "expires_at_0": "", "expires_at_1": "", "context_log_days": "0", "keys-TOTAL_FORMS": "0",
        "keys-INITIAL_FORMS": "0",
    }  # fmt: skip
    page = f"{PROJECTS}{alice.project.pk}/change/"

    boss.post(
        page, fields | {"production_environments": " production \r\nProduction-EU\r\n\r\nproduction\r\n"}
    )
    entries = AuditEntry.objects.count()
    boss.post(page, fields | {"production_environments": "production\r\nProduction-EU"})
    refused = boss.post(page, fields | {"production_environments": "x" * 201})

    assert Project.objects.get().production_environments == ["production", "Production-EU"]
    assert AuditEntry.objects.count() == entries  # the second form changed nothing
    assert AuditEntry.objects.order_by("pk").last().detail["production_environments"] == {
        "before": [], "after": ["Production-EU", "production"],
    }  # fmt: skip
    assert "At most 50 names" in refused.content.decode()


def test_an_operator_says_for_how_many_days(boss: Client, alice: MintedProject) -> None:
    fields = {
        "name": "alice", "tenant": alice.project.tenant_id, "state": "active", "plan": "", "quota_spans": "",
        "expires_at_0": "", "expires_at_1": "", "keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0",
    }  # fmt: skip
    page = f"{PROJECTS}{alice.project.pk}/change/"

    boss.post(page, fields | {"context_log_days": "14"})
    refused = boss.post(page, fields | {"context_log_days": "366"})

    changed = Project.objects.get(pk=alice.project.pk)
    assert (changed.context_log_days, changed.has_context_logs) == (14, True)
    assert "less than or equal to 365" in refused.content.decode()


def test_a_project_that_moves_gives_its_claimed_name_up(boss: Client, alice: MintedProject) -> None:
    Tenant.objects.create(tenant_id="acme", name="Acme")
    Project.objects.update(claimed_name="alice")
    fields = {
        "name": "alice", "tenant": "acme", "state": "active", "plan": "", "quota_spans": "",
        "expires_at_0": "", "expires_at_1": "", "context_log_days": "0", "keys-TOTAL_FORMS": "0",
        "keys-INITIAL_FORMS": "0",
    }  # fmt: skip

    boss.post(f"{PROJECTS}{alice.project.pk}/change/", fields)

    moved = Project.objects.get()
    assert (moved.tenant_id, moved.claimed_name) == ("acme", None)


def test_suspend_and_reactivate_say_how_many_changed(
    boss: Client, alice: MintedProject, charlie: MintedProject
) -> None:
    Project.objects.filter(pk=charlie.project.pk).update(state=Project.State.SUSPENDED)

    page = act(boss, PROJECTS, "suspend", alice.project.pk, charlie.project.pk)

    assert "1 of 2 selected projects are suspended now" in page.content.decode()
    assert set(Project.objects.values_list("state", flat=True)) == {"suspended"}
    act(boss, PROJECTS, "reactivate", alice.project.pk)
    assert Project.objects.get(pk=alice.project.pk).state == "active"


def test_a_suspended_projects_keys_are_refused(boss: Client, alice: MintedProject, call: Any) -> None:
    before = call("GET", "/v1/telemetry", alice.keys["agent"]).status_code

    act(boss, PROJECTS, "suspend", alice.project.pk)

    assert before == 200
    assert call("GET", "/v1/telemetry", alice.keys["agent"]).status_code in {401, 403}


def test_nobody_deletes_a_project(boss: Client, alice: MintedProject) -> None:
    answer = boss.post(f"{PROJECTS}{alice.project.pk}/delete/", {"post": "yes"})
    act(boss, PROJECTS, "delete_selected", alice.project.pk)

    assert answer.status_code == 403
    assert Project.objects.count() == 1


def test_a_tenant_with_projects_is_not_deleted(boss: Client, alice: MintedProject) -> None:
    alone = boss.post(f"/admin/tenants/tenant/{SANDBOX}/delete/", {"post": "yes"})
    act(boss, "/admin/tenants/tenant/", "delete_selected", SANDBOX)

    assert alone.status_code == 403
    assert Tenant.objects.count() == 1


def test_a_member_changes_the_name_of_a_tenant_but_not_its_members(alice: MintedProject) -> None:
    tenant = home(alice.project, "alice").tenant
    client = member("anna", tenant)

    client.post("/admin/tenants/tenant/alice/change/", {"name": "New", "members": []})

    tenant.refresh_from_db()
    assert (tenant.name, tenant.members.count()) == ("New", 1)
    assert client.get("/admin/tenants/tenant/add/").status_code == 403


def test_minting_shows_the_key_once_and_only_once(boss: Client, alice: MintedProject) -> None:
    answer = mint(boss, alice.project)
    raw = raw_key(answer)

    key = Key.objects.get(digest=credentials.key_digest(raw))
    pages = [KEYS, f"{KEYS}{quoted(key)}/change/", f"{KEYS}{quoted(key)}/history/", "/admin/"]
    later = "".join(
        boss.get(page).content.decode() for page in [*pages, f"{PROJECTS}{alice.project.pk}/change/"]
    )
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    logged = [f"{entry.change_message} {entry.object_repr}" for entry in LogEntry.objects.all()]
    assert "no-store" in answer["Cache-Control"]
    assert key.last_four in later
    assert raw not in later + "".join(kept + logged) + str(boss.cookies)
    assert key.digest not in answer.content.decode() + later


def test_a_minted_key_works(boss: Client, alice: MintedProject, call: Any) -> None:
    raw = raw_key(mint(boss, alice.project))

    assert call("GET", "/v1/telemetry", raw).status_code == 200


def test_a_key_is_not_minted_with_a_time_that_has_passed(boss: Client, alice: MintedProject) -> None:
    answer = mint(boss, alice.project, expires_at="2020-01-01T00:00")

    assert "choose a later one" in answer.content.decode()
    assert Key.objects.count() == 3


def test_a_key_is_minted_until_a_time(boss: Client, alice: MintedProject) -> None:
    until = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)

    raw = raw_key(mint(boss, alice.project, expires_at=f"{until:%Y-%m-%dT%H:%M}"))

    assert Key.objects.get(digest=credentials.key_digest(raw)).expires_at == until


def test_minting_needs_the_permission(alice: MintedProject) -> None:
    reader = member("anna", alice.project.tenant, permissions=["view_key", "view_project"])

    assert mint(reader, alice.project).status_code == 403
    assert Key.objects.count() == 3


def test_a_revoked_key_stops_working_and_keeps_its_time(
    boss: Client, alice: MintedProject, call: Any
) -> None:
    key = Key.objects.get(digest=credentials.key_digest(alice.keys["agent"]))

    act(boss, KEYS, "revoke", key.pk)
    key.refresh_from_db()
    first = key.revoked_at
    page = act(boss, KEYS, "revoke", key.pk)

    key.refresh_from_db()
    assert first is not None
    assert key.revoked_at == first
    assert "0 of 1 selected keys are revoked now" in page.content.decode()
    assert call("GET", "/v1/telemetry", alice.keys["agent"]).status_code == 401


def test_keys_are_neither_edited_nor_deleted(boss: Client, alice: MintedProject) -> None:
    key = Key.objects.all()[0]

    answers = [boss.post(f"{KEYS}{quoted(key)}/{what}/", {"post": "yes"}) for what in ("change", "delete")]

    assert [answer.status_code for answer in answers] == [403, 403]


def test_a_digest_cannot_be_guessed_through_a_filter(boss: Client, alice: MintedProject) -> None:
    answer = boss.get(KEYS, {"digest__startswith": "0"})

    assert answer.status_code == 400


def test_requests_for_access_are_read_and_marked(boss: Client) -> None:
    row = AccessRequest.objects.create(
        name="<b>Ada</b>", email="ada@example.org", message="<script>x</script>", created_at=timezone.now()
    )

    page = boss.get(f"/admin/tenants/accessrequest/{row.pk}/change/").content.decode()
    act(boss, "/admin/tenants/accessrequest/", "mark_handled", str(row.pk))

    row.refresh_from_db()
    assert "&lt;script&gt;x" in page
    assert row.handled_at is not None


def quoted(key: Key) -> str:
    """The key's id as the admin writes it in paths."""
    path = reverse("admin:tenants_key_change", args=[key.pk.replace("_", "_5F")])
    return path.removeprefix(KEYS).removesuffix("/change/")


@pytest.mark.parametrize(
    ("changed", "state", "status"),
    [
        ({}, "active", "works"),
        ({"state": Project.State.SUSPENDED}, "suspended", "project suspended"),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired", "project expired"),
    ],
)
def test_lists_say_whether_keys_work(
    boss: Client, alice: MintedProject, call: Any, changed: dict[str, Any], state: str, status: str
) -> None:
    Project.objects.filter(pk=alice.project.pk).update(**changed)

    keys = boss.get(KEYS).content.decode()
    projects = boss.get(PROJECTS).content.decode()
    answer = call("GET", "/v1/loops", alice.keys["agent"])

    assert f'<td class="field-status">{status}</td>' in keys
    assert f'<td class="field-standing">{state}</td>' in projects
    if changed:
        assert answer.status_code == 401
        assert "recover" not in answer.json()["error"]["hint"]


def test_the_printed_upgrade_code_makes_a_sandbox_permanent(
    alice: MintedProject, call: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("upgrade_code", alice.project.project_id)
    code = capsys.readouterr().out.strip()

    answer = call("POST", "/v1/signup/upgrade", alice.keys["agent"], {"code": code})

    assert answer.status_code == 200
    with pytest.raises(CommandError, match="no sandbox"):
        call_command("upgrade_code", "nobody")
