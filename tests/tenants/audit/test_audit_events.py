"""What is in the audit log: each kind of event, with who, what, from where, before and after; and no secret."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from diagnosis.models import Decision
from tenants.keys import credentials, provisioning
from tenants.keys.provisioning import MintedProject
from tenants.models import AuditEntry, Key, Project, Tenant
from tests.diagnosis.approving import approve_seen
from tests.diagnosis.console_requests import decide
from tests.diagnosis.factory import make_loop
from tests.staff_clients import home, operator

PASSWORD = "correct horse battery"
KEYS, PROJECTS, USERS = "/admin/tenants/key/", "/admin/tenants/project/", "/admin/auth/user/"
Event = AuditEntry.Event
pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    """A superuser's browser."""
    return operator()


def newest() -> tuple[str, str, str, str, str]:
    """The newest entry: what, who, on what, seen by whom, from where."""
    entry = AuditEntry.objects.all()[0]
    return entry.event, entry.actor, entry.target, entry.tenant_id, entry.address


def detail() -> dict[str, Any]:
    """The newest entry's detail."""
    found: dict[str, Any] = AuditEntry.objects.all()[0].detail
    return found


def act(client: Client, path: str, action: str, *pks: Any) -> None:
    """A bulk action on these rows."""
    client.post(path, {"action": action, "_selected_action": pks, "post": "yes"})


def test_a_decision_is_recorded_with_its_reason_and_the_states(boss: Client, alice: MintedProject) -> None:
    loop = make_loop(home(alice.project, "acme"))

    decide(boss, loop, "approve", "The retry is safe.")

    assert newest() == (Event.DECIDED, "user:boss", f"loop:{loop.pk}", "acme", "127.0.0.1")
    assert (detail()["verb"], detail()["reason"]) == ("approve", "The retry is safe.")
    assert detail()["state"] == {"before": "proposed", "after": "approved"}
    assert (detail()["packet_id"], detail()["revision"]) == (loop.packet_id, loop.revision)


def test_a_decision_that_cannot_be_recorded_is_not_made(alice: MintedProject) -> None:
    loop, olga = make_loop(alice.project), User.objects.create_superuser("olga")
    with connection.cursor() as cursor:
        full = (
            "CREATE TRIGGER full BEFORE INSERT ON tenants_auditentry BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        cursor.execute(full)

    with pytest.raises(DatabaseError, match="full"):
        approve_seen(loop, olga, "Yes.", timezone.now())

    loop.refresh_from_db()
    assert (loop.state, Decision.objects.count()) == ("proposed", 0)


@pytest.mark.parametrize("path", ["/v1/provision", "/v1/signup"])
def test_minting_a_project_is_recorded_without_its_keys(call: Any, path: str) -> None:
    minted = call("POST", path, data={"project_name": "acme"}).json()

    assert newest() == (
        Event.PROJECT_MINTED, "anyone", f"project:{minted['project_id']}", "sandbox", "127.0.0.1",
    )  # fmt: skip
    assert sorted(detail()["keys"]) == sorted(Key.objects.values_list("key_id", flat=True))
    assert "lk_" not in str(AuditEntry.objects.values_list())


def test_recovering_keys_names_the_old_and_the_new(call: Any, alice: MintedProject, settings: Any) -> None:
    old = set(Key.objects.values_list("key_id", flat=True))
    code = credentials.recovery_code(settings.SIGNUP_UPGRADE_SECRET, alice.project.pk)

    call("POST", "/v1/recover", data={"project_id": alice.project.pk, "recovery_code": code})

    assert newest()[:3] == (Event.KEYS_RECOVERED, "anyone", f"project:{alice.project.pk}")
    assert set(detail()["keys"]["before"]) == old
    assert set(detail()["keys"]["after"]) == set(Key.objects.values_list("key_id", flat=True)) - old
    assert code not in str(AuditEntry.objects.values_list())


def test_becoming_permanent_is_recorded_before_and_after(
    call: Any, alice: MintedProject, settings: Any
) -> None:
    code = credentials.upgrade_code(settings.SIGNUP_UPGRADE_SECRET, alice.project.pk)
    agent = Key.objects.get(kind=Key.Kind.AGENT)

    call("POST", "/v1/signup/upgrade", alice.keys["agent"], {"code": code, "agent_key": alice.keys["agent"]})

    assert newest()[:3] == (Event.CHANGED, f"key:{agent.pk}", f"project:{alice.project.pk}")
    assert detail()["plan"] == {"before": "sandbox", "after": None}
    assert detail()["expires_at"]["before"].startswith(f"{alice.project.expires_at:%Y-%m-%dT%H:%M:%S}")


def test_keys_minted_and_revoked_in_the_admin_are_recorded(boss: Client, alice: MintedProject) -> None:
    boss.post(f"{KEYS}add/", {"project": alice.project.pk, "kind": "agent", "expires_at": ""})
    key = Key.objects.all()[0]
    assert newest()[:3] == (Event.KEY_MINTED, "user:boss", f"key:{key.pk}")
    assert detail() == {"expires_at": None, "kind": "agent", "project": alice.project.pk}

    act(boss, KEYS, "revoke", key.pk)
    act(boss, KEYS, "revoke", key.pk)

    assert newest()[:3] == (Event.KEY_REVOKED, "user:boss", f"key:{key.pk}")
    assert AuditEntry.objects.filter(event=Event.KEY_REVOKED).count() == 1


def test_a_changed_quota_is_recorded_before_and_after(boss: Client, alice: MintedProject) -> None:
    project = home(alice.project, "acme")
    until = timezone.now().replace(microsecond=0) + timedelta(days=1)
    fields = {
        "name": "alice", "tenant": "acme", "state": "active", "plan": "", "quota_spans": "7",
        "expires_at_0": f"{until:%Y-%m-%d}", "expires_at_1": f"{until:%H:%M:%S}", "context_log_days": "0",
        "keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0",
    }  # fmt: skip

    boss.post(f"{PROJECTS}{project.pk}/change/", fields)

    assert newest() == (Event.CHANGED, "user:boss", f"project:{project.pk}", "acme", "127.0.0.1")
    assert detail()["quota_spans"] == {"before": 5000, "after": 7}
    assert detail()["expires_at"]["after"] == until.isoformat()
    assert "name" not in detail()


def test_suspending_is_recorded_for_those_that_were_active(boss: Client, alice: MintedProject) -> None:
    for _ in range(2):
        act(boss, PROJECTS, "suspend", alice.project.pk)

    assert newest()[:3] == (Event.CHANGED, "user:boss", f"project:{alice.project.pk}")
    assert detail() == {"state": {"before": "active", "after": "suspended"}}
    assert AuditEntry.objects.filter(event=Event.CHANGED).count() == 1


def test_a_tenant_is_recorded_from_its_making_to_its_end(boss: Client) -> None:
    olga = User.objects.create_user("olga")
    tenants = "/admin/tenants/tenant/"
    boss.post(f"{tenants}add/", {"tenant_id": "acme", "name": "Acme", "two_people": "0"})
    assert newest()[:4] == (Event.ADDED, "user:boss", "tenant:acme", "acme")

    boss.post(f"{tenants}acme/change/", {"name": "Acme", "members": [olga.pk], "two_people": "0"})
    assert (newest()[0], detail()) == (Event.CHANGED, {"members": {"before": [], "after": ["olga"]}})
    boss.post(f"{tenants}acme/change/", {"name": "Acme", "members": [olga.pk], "two_people": "0"})
    boss.post(f"{tenants}acme/change/", {"name": "Acme", "members": [olga.pk], "two_people": "3"})
    assert detail() == {"two_people": {"before": 0, "after": 3}}
    boss.post(f"{tenants}acme/delete/", {"post": "yes"})

    assert newest()[:3] == (Event.DELETED, "user:boss", "tenant:acme")
    assert list(Tenant.objects.all()) == []
    assert AuditEntry.objects.filter(target="tenant:acme").count() == 4  # saving without a change is none


def test_what_people_may_do_is_recorded(boss: Client) -> None:
    olga, permission = User.objects.create_user("olga"), Permission.objects.get(codename="decide_loop")
    fields = {"username": "olga", "is_active": "on", "is_staff": "on", "user_permissions": [permission.pk]}
    joined = {
        "date_joined_0": f"{olga.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{olga.date_joined:%H:%M:%S}",
    }

    boss.post(f"{USERS}{olga.pk}/change/", fields | joined)

    assert newest()[:4] == (Event.CHANGED, "user:boss", "user:olga", "")
    assert detail()["is_staff"] == {"before": False, "after": True}
    assert detail()["user_permissions"] == {"before": [], "after": [str(permission)]}


def test_a_password_that_is_set_is_recorded_and_not_kept(boss: Client) -> None:
    olga = User.objects.create_user("olga")
    fields = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}

    boss.post(f"{USERS}add/", {"username": "otto", **fields})
    assert newest()[:3] == (Event.ADDED, "user:boss", "user:otto")
    boss.post(f"{USERS}{olga.pk}/password/", fields | {"password2": "another one entirely"})
    boss.post(f"{USERS}{olga.pk}/password/", fields)

    assert (newest()[2], detail()) == ("user:olga", {"password": "set"})
    assert AuditEntry.objects.filter(target="user:olga").count() == 1
    assert PASSWORD not in str(AuditEntry.objects.values_list())


def test_groups_and_deleting_many_are_recorded(boss: Client) -> None:
    boss.post("/admin/auth/group/add/", {"name": "approvers"})
    assert newest()[:3] == (Event.ADDED, "user:boss", "group:approvers")

    act(boss, "/admin/auth/group/", "delete_selected", Group.objects.get().pk)

    assert newest()[:3] == (Event.DELETED, "user:boss", "group:approvers")


def test_people_who_sign_in_and_out_are_recorded(settings: Any) -> None:
    settings.LOOPKIT_TRUSTED_PROXIES = 1
    User.objects.create_superuser("olga", password=PASSWORD)
    client = Client(headers={"X-Forwarded-For": "192.0.2.7"})

    client.post("/admin/login/", {"username": "olga", "password": PASSWORD, "next": "/admin/"})
    assert newest() == (Event.SIGNED_IN, "user:olga", "admin", "", "192.0.2.7")
    for _ in range(2):
        client.post("/admin/logout/")

    assert newest() == (Event.SIGNED_OUT, "user:olga", "admin", "", "192.0.2.7")
    assert AuditEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("olga", "user:olga"),
        ("worker", "user:worker"),
        (PASSWORD, "user:(unknown)"),
        ("\0", "user:(unknown)"),
    ],
)
def test_a_failure_keeps_the_name_of_users_only(typed: str, kept: str) -> None:
    User.objects.create_superuser("olga", password=PASSWORD)
    User.objects.create_user("worker", password="x")  # no staff: refused with the right password

    Client().post("/admin/login/", {"username": typed, "password": "x", "next": "/admin/"})

    assert newest() == (Event.SIGN_IN_FAILED, "anyone", "admin", "", "127.0.0.1")
    assert detail() == {"tried": kept}


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/admin/login/", {"username": "olga", "password": "x"}), ("/dashboard/sign-in", {"agent_key": "x"})],
)
def test_above_the_rate_failures_fill_no_log(settings: Any, path: str, fields: dict[str, str]) -> None:
    settings.LOOPKIT_RECOVER_RATE = "2/h"

    for _ in range(4):
        Client().post(path, fields)

    assert AuditEntry.objects.filter(event=Event.SIGN_IN_FAILED).count() == 2


def test_a_key_that_opens_and_leaves_the_dashboard_is_recorded(alice: MintedProject) -> None:
    client, key = Client(), Key.objects.get(kind=Key.Kind.AGENT)

    client.post("/dashboard/sign-in", {"agent_key": alice.keys["agent"]})
    assert newest()[:4] == (
        Event.SIGNED_IN, f"key:{key.pk}", f"project:{alice.project.pk}", "sandbox",
    )  # fmt: skip
    for _ in range(2):
        client.post("/dashboard/sign-out")

    assert newest()[0] == Event.SIGNED_OUT
    assert AuditEntry.objects.filter(event=Event.SIGNED_OUT).count() == 1


def test_who_acts_without_a_request_has_a_shell(alice: MintedProject) -> None:
    provisioning.graduate(alice.project, timezone.now())

    assert newest()[1:3] == ("shell", f"project:{alice.project.pk}")
    assert Project.objects.get().plan is None
