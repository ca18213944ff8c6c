"""What each role may do in the admin, on every page of every model; and that nobody gives himself more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from diagnosis.models import FeedKey, Loop, Packet, Tracker
from diagnosis.notices import feed_keys
from loopkit import roles
from tenants.keys import provisioning
from tenants.models import AuditEntry, Key, Project, Tenant
from tests.diagnosis.console_requests import QUEUE, bulk, decide
from tests.diagnosis.factory import make_loop
from tests.module_data import ModuleData, copy_of_client
from tests.staff_clients import home, member, operator, signed_in

READ = dict.fromkeys(
    ["tenant", "project", "key", "auditentry", "packet", "loop", "notice", "tracker", "feedkey"], "r"
)
MANAGE = READ | {
    "tenant": "rc", "project": "rc", "key": "ra", "user": "rc", "tracker": "rcad", "feedkey": "ra",
}  # fmt: skip
MAY = {  # by model: read, change, add, delete; nothing for all that is not named
    "viewer": READ,
    "approver": READ,
    "tenant manager": MANAGE,
    "operator": MANAGE
    | {"tenant": "rca", "project": "rca", "user": "rcad", "group": "r", "accessrequest": "rd"},
}
ACTIONS = {
    "viewer": {"mark_read"},
    "approver": {"mark_read", "reject_selected", "return_selected"},
    "tenant manager": {"mark_read", "reject_selected", "return_selected", "revoke", "delete_selected"},
    "operator": {
        "mark_read", "reject_selected", "return_selected", "revoke", "delete_selected",
        "suspend", "reactivate", "mark_handled",
    },
}  # fmt: skip
every_role = pytest.mark.parametrize("role", roles.ROLES)


class World(NamedTuple):
    """Two tenants with a row of everything; in the first, a person of each role."""

    browsers: dict[str, Client]
    own: dict[type[Model], str]
    strangers: dict[type[Model], str]


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """Everybody works for alice's tenant, and zoe for charlie's."""

    def build() -> World:
        roles.make_roles()
        own, strangers = (rows_of(name) for name in ("alice", "charlie"))
        browsers = {role: with_role(role.replace(" ", ""), role, "alice") for role in roles.ROLES}
        colleague, stranger = (
            User.objects.create_user(name, is_staff=True, email=f"{name}@example.org")
            for name in ("carl", "zoe")
        )
        Tenant.objects.get(pk="alice").members.add(colleague)
        Tenant.objects.get(pk="charlie").members.add(stranger)
        return World(browsers, own | {User: str(colleague.pk)}, strangers | {User: str(stranger.pk)})

    yield from build_module_data(build)


@pytest.fixture
def world(db: None, module_data: ModuleData) -> World:
    """That, for one test."""
    built: World = module_data.built
    return built._replace(browsers={role: copy_of_client(client) for role, client in built.browsers.items()})


def rows_of(name: str) -> dict[type[Model], str]:
    """A tenant of that name with a row of everything; their primary keys."""
    minted = provisioning.mint_project(name, "", timezone.now(), claim=False)
    project = home(minted.project, name)
    loop = make_loop(project, title=f"{name} hurts")
    tracker = Tracker.objects.create(project=project, kind="github", url=f"https://github.com/{name}/shop")
    feed_keys.mint_feed_key(project.tenant, f"{name}s chat", timezone.now())
    return {
        Tenant: name,
        Project: project.pk,
        Key: str(Key.objects.filter(project=project)[0].pk),
        Loop: loop.pk,
        Packet: loop.packet_id,
        Tracker: str(tracker.pk),
        FeedKey: str(FeedKey.objects.get(tenant=name).pk),
    }


def with_role(name: str, role: str, *tenants: str) -> Client:
    """Somebody with that role alone."""
    user = User.objects.create_user(name, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    user.tenants.set(tenants)
    return signed_in(user)


def url(model: type[Model], page: str, *pks: str) -> str:
    """A page of the model's admin."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=[quote(pk) for pk in pks])


def person(name: str) -> User:
    """The user as stored."""
    return User.objects.get(username=name)


def test_making_the_roles_again_changes_nothing(db: None, django_assert_max_num_queries: Any) -> None:
    roles.make_roles()
    before = {
        group.name: set(group.permissions.values_list("pk", flat=True)) for group in Group.objects.all()
    }

    with django_assert_max_num_queries(20):
        roles.make_roles()

    now = {group.name: set(group.permissions.values_list("pk", flat=True)) for group in Group.objects.all()}
    assert before == now
    assert now.keys() == roles.ROLES.keys()


def test_each_role_may_do_all_that_the_one_before_may() -> None:
    steps = list(roles.ROLES.values())

    assert all(less < more for less, more in pairwise(steps))


@every_role
def test_each_page_of_each_model_is_open_to_the_roles_that_need_it(world: World, role: str) -> None:
    browser, seen = world.browsers[role], {}
    for model in admin.site._registry:
        pages = {"r": url(model, "changelist"), "a": url(model, "add")}
        if model in world.own:
            pages["d"] = url(model, "delete", world.own[model])
        opened = {letter for letter, path in pages.items() if browser.get(path).status_code == 200}
        seen[model._meta.model_name] = opened

    wanted = {name: set(may) - {"c"} for name, may in MAY[role].items()}
    known = {model._meta.model_name for model in world.own}
    assert {name: may for name, may in seen.items() if may} == {
        name: may if name in known else may - {"d"} for name, may in wanted.items()
    }


@every_role
def test_forms_that_save_are_shown_to_those_who_may_change(world: World, role: str) -> None:
    saving = {
        model._meta.model_name
        for model, pk in world.own.items()
        if b'name="_save"' in world.browsers[role].get(url(model, "change", pk)).content
    }

    assert saving == {name for name, may in MAY[role].items() if "c" in may}


@every_role
def test_lists_offer_the_actions_of_the_role(world: World, role: str) -> None:
    request = RequestFactory().get("/")
    request.user = person(role.replace(" ", ""))
    offered = {
        name
        for model_admin in admin.site._registry.values()
        if model_admin.has_view_permission(request)
        for name in model_admin.get_actions(request)
    }

    assert offered == ACTIONS[role]


def test_strangers_rows_answer_as_if_they_did_not_exist(world: World) -> None:
    manager = world.browsers["tenant manager"]
    for model in world.strangers:
        listed = manager.get(url(model, "changelist")).content
        assert b"charlie" not in listed
        assert b"zoe" not in listed
    for model, pk in world.strangers.items():
        for page in ("change", "history", "delete"):
            answer, unknown = manager.get(url(model, page, pk)), manager.get(url(model, page, "999999"))
            assert (answer.status_code, answer.headers.get("Location")) == (
                unknown.status_code,
                unknown.headers.get("Location"),
            )


@pytest.mark.parametrize("role", ["viewer", "tenant manager"])
def test_bulk_actions_leave_strangers_rows_alone(world: World, role: str) -> None:
    stranger = Loop.objects.get(pk=world.strangers[Loop])
    theirs = Key.objects.filter(project__tenant="charlie").order_by("pk")
    before = list(Loop.objects.filter(pk=stranger.pk).values()), list(theirs.values())
    seen = {"seen": f"{stranger.pk}:1:{stranger.packet_id}", "reason": "mine", "post": "yes"}

    for model, pk in world.strangers.items():
        for action in [*admin.site.get_model_admin(model).actions, "delete_selected"]:
            chosen = {"action": action, "_selected_action": pk, "select_across": "1"}
            world.browsers[role].post(url(model, "changelist"), chosen | seen)

    assert (list(Loop.objects.filter(pk=stranger.pk).values()), list(theirs.values())) == before
    assert set(Project.objects.values_list("state", flat=True)) == {"active"}
    assert User.objects.filter(pk=world.strangers[User]).exists()


def test_an_operator_works_for_every_tenant(world: World) -> None:
    browser = world.browsers["operator"]

    opened = [browser.get(url(model, "change", pk)).status_code for model, pk in world.strangers.items()]
    decided = decide(browser, Loop.objects.get(pk=world.strangers[Loop]), "approve")

    assert set(opened) == {200}
    assert decided.status_code == 302


def test_a_viewer_decides_nothing(world: World) -> None:
    loop = Loop.objects.get(pk=world.own[Loop])
    viewer = world.browsers["viewer"]

    refused = decide(viewer, loop, "approve", revision="1", packet=loop.packet_id)
    viewer.post(QUEUE, {"action": "reject_selected", "_selected_action": loop.pk})

    assert (refused.status_code, Loop.objects.get(pk=loop.pk).state) == (403, "proposed")


@pytest.mark.parametrize("role", ["approver", "tenant manager"])
def test_approvers_decide_in_their_tenants(world: World, role: str) -> None:
    browser = world.browsers[role]

    own = decide(browser, Loop.objects.get(pk=world.own[Loop]), "approve")
    stranger = Loop.objects.get(pk=world.strangers[Loop])
    forged = decide(browser, stranger, "approve", revision="1", packet=stranger.packet_id)
    listed = bulk(browser, "reject_selected", stranger)

    assert (own.status_code, forged.status_code) == (302, 403)
    assert stranger.pk not in listed.content.decode()
    assert Loop.objects.get(pk=stranger.pk).state == "proposed"


def change(browser: Client, name: str, **fields: Any) -> int:
    """Send the form of that user's page."""
    user = person(name)
    sent = {"username": user.username, "is_active": "on", "is_staff": "on", **fields}
    return browser.post(url(User, "change", str(user.pk)), sent).status_code


def group(name: str) -> int:
    """The role's primary key."""
    return Group.objects.get(name=name).pk


def test_a_manager_gives_roles_to_colleagues(world: World) -> None:
    status = change(world.browsers["tenant manager"], "carl", groups=[group("approver")])

    assert status == 302
    assert list(person("carl").groups.values_list("name", flat=True)) == ["approver"]
    assert AuditEntry.objects.latest("sequence").detail == {"groups": {"before": [], "after": ["approver"]}}


def test_a_manager_gives_nothing_that_he_does_not_have(world: World) -> None:
    other = Group.objects.create(name="auditors")
    other.permissions.set(Group.objects.get(name="operator").permissions.all()[:99])
    manager = world.browsers["tenant manager"]

    statuses = [change(manager, "carl", groups=[pk]) for pk in (group("operator"), other.pk)]
    more = {"is_superuser": "on", "user_permissions": ["1"], "email": "mine@example.org", "groups": []}
    change(manager, "carl", **more)
    page = manager.get(url(User, "change", str(person("carl").pk))).content.decode()

    carl = person("carl")
    assert statuses == [200, 200]  # the form again: not one of the available choices
    assert (carl.is_superuser, carl.email, carl.user_permissions.count(), carl.groups.count()) == (
        False, "carl@example.org", 0, 0,
    )  # fmt: skip
    assert ">operator<" not in page
    assert ">auditors<" not in page


@pytest.mark.parametrize("name", ["tenantmanager", "operator", "root", "both"])
def test_a_manager_changes_neither_himself_nor_who_may_do_more_or_works_elsewhere(
    world: World, name: str
) -> None:
    root, both = User.objects.create_superuser("root"), User.objects.create_user("both", is_staff=True)
    Tenant.objects.get(pk="alice").members.add(root, both)
    Tenant.objects.get(pk="charlie").members.add(both)
    before = list(person(name).groups.all())

    assert change(world.browsers["tenant manager"], name, groups=[group("viewer")]) == 403
    assert list(person(name).groups.all()) == before


def test_a_manager_sets_no_password(world: World) -> None:
    path = reverse("admin:auth_user_password_change", args=[person("carl").pk])
    new = {"usable_password": "true", "password1": "correct horse 9", "password2": "correct horse 9"}

    assert world.browsers["tenant manager"].post(path, new).status_code == 403
    assert not person("carl").check_password("correct horse 9")


def test_a_manager_lifts_no_limit_of_his_tenant(world: World) -> None:
    Project.objects.update(quota_spans=5)
    Tenant.objects.update(two_people=Tenant.TwoPeople.ALWAYS)
    manager, project = world.browsers["tenant manager"], world.own[Project]
    forms = {f"keys-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    moved = {"name": "new", "tenant": "charlie", "quota_spans": "", "state": "suspended"}

    manager.post(url(Project, "change", project), moved | forms)
    manager.post(url(Tenant, "change", "alice"), {"name": "new", "two_people": "0", "members": []})

    kept = Project.objects.get(pk=project)
    assert (kept.name, kept.tenant_id, kept.quota_spans, kept.state) == ("new", "alice", 5, "active")
    tenant = Tenant.objects.get(pk="alice")
    assert (tenant.name, tenant.two_people, tenant.members.count()) == ("new", 1, 5)


def test_an_operator_adds_people_and_makes_no_superuser(world: World) -> None:
    browser = world.browsers["operator"]
    new = {
        "username": "nina",
        "usable_password": "true",
        "password1": "correct horse 9",
        "password2": "correct horse 9",
    }

    added = browser.post(url(User, "add"), new)
    joined = person("nina").date_joined
    times = {"date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    changed = change(browser, "nina", is_superuser="on", groups=[group("approver")], **times)

    nina = person("nina")
    assert (added.status_code, changed) == (302, 302)
    assert (nina.is_superuser, nina.is_staff, nina.groups.get().name) == (False, True, "approver")


@pytest.mark.parametrize("name", ["operator", "root"])
def test_an_operator_changes_neither_himself_nor_superusers(world: World, name: str) -> None:
    User.objects.create_superuser("root")

    assert change(world.browsers["operator"], name, groups=[]) == 403


def test_an_operator_changes_no_role(world: World) -> None:
    path = url(Group, "change", str(group("viewer")))

    assert world.browsers["operator"].post(path, {"name": "viewer", "permissions": []}).status_code == 403
    assert operator().get(path).status_code == 200


def test_permissions_one_by_one_do_not_lift_the_rules(world: World) -> None:
    anna = member("anna", Tenant.objects.get(pk="alice"))  # every permission but to operate

    assert change(anna, "carl", is_superuser="on", groups=[]) == 302
    assert not person("carl").is_superuser
    assert change(anna, "zoe") == 302  # to the front page: no such user
    assert anna.get(url(User, "add")).status_code == 403
    assert anna.post(url(Group, "add"), {"name": "mine"}).status_code == 403
