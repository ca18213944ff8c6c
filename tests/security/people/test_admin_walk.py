"""
Every URL of the admin, as everybody who is no operator, with the ids of a stranger's rows: nothing of the stranger's is
shown or changed, and nothing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core import serializers
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from diagnosis.models import Decision, FeedKey, Loop, MailChoice, Notice, Packet, Tracker
from loopkit import roles
from tenants.audit import audit_log
from tenants.models import AuditEntry, Key, Project, Tenant
from tests.loopkit.test_roles import rows_of, url, with_role
from tests.module_data import ModuleData, copy_of_client
from tests.security.url_paths import admin_paths
from tests.staff_clients import member

WORDS = [
    "charlie inc",
    "charlie hurts",
    "charlies chat",
    "github.com/charlie",
    "zoe-of-charlie",
    "charlies own doing",
]
ROLES = ["anonymous", "no permission", "viewer", "tenant manager", "every permission but to operate"]
QUERIES = [
    "?q=charlie", "?project__tenant=charlie", "?tenant__tenant_id__exact=charlie", "?tenants__name__startswith=c",
    "?_popup=1&_to_field=digest", "?o=-1&all=&e=1", "?digest__startswith=a", "?password__startswith=m", "?p=999",
    "?_changelist_filters=q%3Dcharlie", "?project={project}&tenant=charlie&kind=agent",
    "?app_label=tenants&model_name=key&field_name=project&term=charlie", "?%00=%00",
]  # fmt: skip
GARBAGE = ["-1", "9" * 30, "_2F_2F", "x_ZZ", "%00", "../../etc/passwd", "1 OR 1=1"]


class Walk(NamedTuple):
    """The browsers by role, and the stranger's rows."""

    browsers: dict[str, Client]
    rows: dict[type[Model], list[str]]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """Alice's tenant, for which everybody works, and charlie's, for which zoe does."""

    def build() -> Walk:
        roles.make_roles()
        rows_of("alice")
        rows: dict[type[Model], list[str]] = {model: [pk] for model, pk in rows_of("charlie").items()}
        zoe = User.objects.create_user("zoe-of-charlie", is_staff=True)
        Tenant.objects.get(pk="charlie").members.add(zoe)
        entry = audit_log.append_entry(
            AuditEntry.Event.CHANGED, "charlies own doing", audit_log.SHELL, timezone.now(), "charlie"
        )
        notice = Notice.objects.filter(project__tenant="charlie")[0]
        rows |= {User: [str(zoe.pk)], AuditEntry: [str(entry.pk)], Notice: [str(notice.pk)]}
        browsers = {role: with_role(role.replace(" ", ""), role, "alice") for role in ROLES[2:4]}
        alice = Tenant.objects.get(pk="alice")
        browsers |= {ROLES[0]: Client(), ROLES[1]: member("nora", alice, permissions=[])}
        browsers |= {ROLES[4]: member("anna", alice)}
        return Walk(browsers, rows)

    yield from build_module_data(build)


@pytest.fixture
def walk(db: None, module_data: ModuleData) -> Walk:
    """That, for one test."""
    built: Walk = module_data.built
    return built._replace(browsers={role: copy_of_client(client) for role, client in built.browsers.items()})


def charlies() -> str:
    """Every row of charlie's, as text."""
    paths = {
        Project: "tenant", Key: "project__tenant", Loop: "project__tenant", Packet: "project__tenant",
        Tracker: "project__tenant", Notice: "project__tenant", Decision: "loop__project__tenant",
        FeedKey: "tenant", MailChoice: "tenant", Tenant: "pk",
    }  # fmt: skip
    rows = [
        row
        for model, path in paths.items()
        for row in model.objects.filter(**{path: "charlie"}).order_by("pk")
    ]
    return serializers.serialize("json", [*rows, User.objects.get(username="zoe-of-charlie")])


def form(rows: dict[type[Model], list[str]]) -> dict[str, Any]:
    """Everything that a form of the admin could take, with the stranger's ids."""
    (project,), (user,) = rows[Project], rows[User]
    return {
        "project": project, "tenant": "charlie", "tenants": ["charlie"], "members": [user], "name": "taken",
        "tenant_id": "charlie", "kind": "agent", "label": "mine", "url": "https://github.com/mine/shop",
        "username": "zoe-of-charlie", "is_active": "", "groups": [], "usable_password": "true",
        "password1": "correct horse 9",
        "password2": "correct horse 9", "verb": "approve", "reason": "mine", "revision": "1", "packet": "x",
        "post": "yes", "_save": "1", "to_version": "1", "confirm": "on",
        **{f"keys-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")},
    }  # fmt: skip


def actions(rows: dict[type[Model], list[str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each action of each list, on the stranger's rows."""
    (loop,) = rows[Loop]
    for model, model_admin in admin.site._registry.items():
        for action in [*model_admin.actions, "delete_selected"]:
            yield url(model, "changelist"), {
                "action": action if isinstance(action, str) else action.__name__,
                "_selected_action": rows.get(model, ["1"]), "select_across": "1", "post": "yes", "reason": "mine",
                "seen": f"{loop}:1:x", "index": "0",
            }  # fmt: skip


def requests(
    rows: dict[type[Model], list[str]], turn: int
) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """(method, path, form) of the whole walk. Of the queries, each role takes a third: `turn` says which."""
    (project,) = rows[Project]
    for path in admin_paths(rows):
        if path in {"/admin/logout/", "/admin/login/"}:
            continue  # tests/security/people/test_admin_promises.py
        yield "get", path, None
        yield "post", path, form(rows)
        if path.count("/") == 4 or "add" in path or "autocomplete" in path or "funnel" in path:
            yield from (
                ("get", path + query.format(project=project), None) for query in QUERIES[turn % 3 :: 3]
            )
    yield from (("post", path, chosen) for path, chosen in actions(rows))


@pytest.mark.parametrize("role", ROLES)
def test_nothing_of_a_strangers_is_shown_or_changed(walk: Walk, role: str) -> None:
    browser, before, wrong = walk.browsers[role], charlies(), []

    for method, path, sent in requests(walk.rows, ROLES.index(role)):
        answer = getattr(browser, method)(path, sent) if sent else browser.get(path)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        shown = [word for word in WORDS if word.encode() in body]
        if answer.status_code >= 500 or shown or answer.headers.get("Location", "/")[:2] == "//":
            wrong.append((role, path, answer.status_code, shown))

    assert wrong == []
    assert charlies() == before


def test_ids_that_are_none_fail_nowhere(walk: Walk) -> None:
    browser = walk.browsers["tenant manager"]
    rows: dict[type[Model], list[str]] = dict.fromkeys(admin.site._registry, GARBAGE[:])

    statuses = {
        path: browser.get(path).status_code
        for path in admin_paths(rows)
        if not path.endswith(("/history/", "/delete/"))
    }

    assert {path: status for path, status in statuses.items() if status >= 500} == {}
    assert len(statuses) > 150


def test_the_walk_goes_everywhere(walk: Walk) -> None:
    paths = list(admin_paths(walk.rows))

    for model, pks in walk.rows.items():
        for pk in pks:
            assert f"/admin/{model._meta.app_label}/{model._meta.model_name}/{pk}/change/" in paths
    (loop,), (project,) = walk.rows[Loop], walk.rows[Project]
    assert {f"/admin/loops/{loop}/handoff.zip", f"/admin/projects/{project}/fingerprints/"} <= set(paths)
