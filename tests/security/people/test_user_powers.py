"""
Nobody changes a person who may do more, or could when active: every kind of actor on every kind of person, through
every page and field by which the admin changes people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from itertools import product
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from loopkit import roles
from tenants.models import Tenant
from tests.module_data import ModuleData, copy_of_client
from tests.staff_clients import signed_in

OWN, OTHER = "alice", "charlie"
NEW_PASSWORD = "correct horse 9"
ACTORS = {  # groups and single permissions
    "a manager": (["tenant manager"], []),
    "with change_user alone": ([], ["change_user", "view_user"]),
    "with single permissions": (["viewer"], ["change_user", "delete_user", "change_group", "decide_loop"]),
    "an operator": (["operator"], []),
}
TARGETS = {  # groups, single permissions, superuser, tenants
    "nothing": ([], [], False, [OWN]),
    "approver": (["approver"], [], False, [OWN]),
    "manager": (["tenant manager"], [], False, [OWN]),
    "operator": (["operator"], [], False, [OWN]),
    "may operate": ([], ["operate"], False, [OWN]),
    "may change roles": ([], ["change_group"], False, [OWN]),
    "own group": (["auditors"], [], False, [OWN]),
    "superuser": ([], [], True, [OWN]),
    "works elsewhere too": (["viewer"], [], False, [OWN, OTHER]),
}


class Powers(NamedTuple):
    """What a person may do, or could when active, and what the others know them by."""

    permissions: frozenset[str]
    is_superuser: bool
    tenants: frozenset[str]


class People(NamedTuple):
    """The browsers of the actors, and the primary keys of the persons, by kind and whether active."""

    browsers: dict[str, Client]
    actors: dict[str, int]
    targets: dict[tuple[str, bool], int]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """Two tenants, the roles, and a person of each kind, active and inactive."""

    def build() -> People:
        roles.make_roles()
        auditors = Group.objects.create(name="auditors")
        auditors.permissions.set(Permission.objects.filter(codename__in=["view_logentry", "view_loop"]))
        for name in (OWN, OTHER):
            Tenant.objects.create(tenant_id=name, name=name)
        actors = {kind: made_person(kind, *given, False, [OWN], True) for kind, given in ACTORS.items()}
        targets = {
            (kind, active): made_person(f"{kind} {active}", *TARGETS[kind], active)
            for kind, active in product(TARGETS, [True, False])
        }
        browsers = {kind: signed_in(User.objects.get(pk=pk)) for kind, pk in actors.items()}
        return People(browsers, actors, targets)

    yield from build_module_data(build)


def made_person(
    name: str, groups: list[str], permissions: list[str], superuser: bool, tenants: list[str], active: bool
) -> int:
    """The primary key of a new member of staff."""
    user = User.objects.create_user(
        name.replace(" ", "-"), is_staff=True, is_active=active, is_superuser=superuser, email="a@example.org"
    )
    user.groups.set(Group.objects.filter(name__in=groups))
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    user.tenants.set(tenants)
    return user.pk


@pytest.fixture
def people(db: None, module_data: ModuleData) -> People:
    """Them, for one test."""
    built: People = module_data.built
    return built._replace(browsers={kind: copy_of_client(client) for kind, client in built.browsers.items()})


def powers() -> dict[int, Powers]:
    """What everybody could do when active, put together row by row and not as the product does."""
    names = {
        row.pk: f"{row.content_type.app_label}.{row.codename}"
        for row in Permission.objects.select_related("content_type")
    }
    group_permissions, own = defaultdict(set), defaultdict(set)
    for group, permission in Group.permissions.through.objects.values_list("group", "permission"):
        group_permissions[group].add(names[permission])
    for user, permission in User.user_permissions.through.objects.values_list("user", "permission"):
        own[user].add(names[permission])
    for user, group in User.groups.through.objects.values_list("user", "group"):
        own[user] |= group_permissions[group]
    tenants = defaultdict(set)
    for user, tenant in Tenant.members.through.objects.values_list("user", "tenant"):
        tenants[user].add(tenant)
    return {
        pk: Powers(frozenset(own[pk]), is_superuser, frozenset(tenants[pk]))
        for pk, is_superuser in User.objects.values_list("pk", "is_superuser")
    }


def may_change(actor: Powers, target: Powers) -> bool:
    """The rule of docs/approval.md, for two different people."""
    if target.is_superuser or not target.permissions <= actor.permissions:
        return False
    return "auth.change_user" in actor.permissions and (
        "tenants.operate" in actor.permissions or target.tenants <= actor.tenants
    )


def stored() -> dict[int, Any]:
    """Everything about everybody."""
    could = powers()
    return {user["id"]: (user, could[user["id"]]) for user in User.objects.values()}


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block changes is as before afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def forms(user: User) -> Iterator[dict[str, Any]]:
    """The form of a person's page with everything taken, and with everything given up."""
    joined = {
        "date_joined_0": f"{user.date_joined:%Y-%m-%d}",
        "date_joined_1": f"{user.date_joined:%H:%M:%S}",
    }
    viewer = Group.objects.get(name="viewer").pk
    for groups, active in [([viewer], "on"), ([], "on"), ([], "")]:
        yield {
            "username": f"{user.username}-taken", "first_name": "x", "last_name": "x", "email": "mine@example.org",
            "is_staff": "on", "is_superuser": "on", "password": NEW_PASSWORD, "usable_password": "true",
            "user_permissions": list(Permission.objects.values_list("pk", flat=True)), "groups": groups,
            "tenants": [OWN, OTHER], **({"is_active": active} if active else {}), **joined,
        }  # fmt: skip


def requests_about(user: User) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every request of the admin that changes a person."""
    pk = str(user.pk)
    yield from ((reverse("admin:auth_user_change", args=[pk]), form) for form in forms(user))
    new = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    yield reverse("admin:auth_user_password_change", args=[pk]), new
    yield reverse("admin:auth_user_delete", args=[pk]), {"post": "yes"}
    bulk = {"action": "delete_selected", "_selected_action": pk, "post": "yes", "select_across": "0"}
    yield reverse("admin:auth_user_changelist"), bulk


@pytest.mark.parametrize("actor", ACTORS)
def test_nobody_who_may_do_more_is_changed(people: People, actor: str) -> None:
    browser, before = people.browsers[actor], stored()
    cookies, actors_powers = browser.cookies, before[people.actors[actor]][1]
    changed, wrong = set(), []

    for kind, pk in people.targets.items():
        for path, form in requests_about(User.objects.get(pk=pk)):
            with undone():
                browser.cookies = deepcopy(cookies)  # a new password makes a new session, which is undone too
                answer = browser.post(path, form)
                after = stored()
            others_changed = {key for key in before if after.get(key) != before[key]} - {pk}
            if answer.status_code >= 500 or others_changed or after.keys() - before.keys():
                wrong.append((kind, path, answer.status_code, others_changed))
            if after.get(pk) != before[pk]:
                changed.add(kind)
                wrong += [(kind, path, form)] * (not allowed(actors_powers, before[pk], after.get(pk)))

    assert wrong == []
    assert changed == {
        kind for kind, pk in people.targets.items() if may_change(actors_powers, before[pk][1])
    }


def allowed(actor: Powers, before: Any, after: Any) -> bool:
    """Whether the actor may change that person, and gave nothing that he does not have."""
    if not may_change(actor, before[1]):
        return False
    if after is None:  # deleted
        return "tenants.operate" in actor.permissions
    (_, old), (row, new) = before, after
    same_name = row["username"] == before[0]["username"]
    return same_name and not new.is_superuser and new.permissions - old.permissions <= actor.permissions


@pytest.mark.parametrize("actor", ACTORS)
def test_nobody_changes_himself_or_a_role(people: People, actor: str) -> None:
    browser, before = people.browsers[actor], stored()
    pages = [*requests_about(User.objects.get(pk=people.actors[actor]))]
    group = Group.objects.get(name="viewer")
    form = {"name": "mine", "permissions": list(Permission.objects.values_list("pk", flat=True))}
    pages += [(reverse("admin:auth_group_change", args=[group.pk]), form)]
    pages += [(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})]

    statuses = {browser.post(path, form).status_code for path, form in pages}

    assert stored() == before
    assert statuses <= {200, 302, 403}


def test_a_superuser_changes_anybody_and_the_name_too(people: People) -> None:
    boss = signed_in(User.objects.create_superuser("root"))
    pk = people.targets["operator", False]
    user = User.objects.get(pk=pk)
    path, form = next(requests_about(user))

    assert boss.post(path, form | {"username": "renamed"}).status_code == 302
    assert User.objects.get(pk=pk).username == "renamed"
