"""Staff see their own tenants only: asked of every model that the admin knows, on every kind of page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import ForeignKey, Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis.console.deciding import seen_now
from diagnosis.models import Tracker
from diagnosis.notices import feed_keys
from tenants.keys import provisioning
from tenants.models import Key, Tenant
from tests.diagnosis.factory import make_loop
from tests.module_data import ModuleData, copy_of_client
from tests.staff_clients import home, member

UNKNOWN = "nothing-has-this-id"


def path_to_tenant(model: type[Model]) -> str:
    """The shortest way by foreign keys from a row to its tenant, or "" if it belongs to none."""
    if model is Tenant:
        return "pk"
    links = [field for field in model._meta.concrete_fields if isinstance(field, ForeignKey)]
    ways = [
        (field.name, path_to_tenant(field.related_model)) for field in links if field.related_model != model
    ]
    paths = [name if way == "pk" else f"{name}__{way}" for name, way in ways if way]
    return min(paths, key=len, default="")


OWNED = sorted((model for model in admin.site._registry if path_to_tenant(model)), key=str)
every_model = pytest.mark.parametrize("model", OWNED, ids=lambda model: model._meta.model_name)


class World(NamedTuple):
    """Anna works for alice's tenant and may do everything there; charlie's tenant is not hers."""

    anna: Client

    def rows(self, model: type[Model], name: str) -> list[dict[str, Any]]:
        """That tenant's rows, whole."""
        return list(model._default_manager.filter(**{path_to_tenant(model): name}).values())

    def pk(self, model: type[Model], name: str) -> str:
        """One row of that tenant."""
        return str(model._default_manager.filter(**{path_to_tenant(model): name})[0].pk)


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """Both tenants hold a row of everything, and Anna is signed in."""

    def build() -> Client:
        for name in ("alice", "charlie"):
            minted = provisioning.mint_project(name, "", timezone.now(), claim=False)
            home(minted.project, name)
            make_loop(minted.project, title=f"{name} hurts")
            url = f"https://github.com/{name}/shop"
            Tracker.objects.create(project=minted.project, kind="github", url=url)
            feed_keys.mint_feed_key(minted.project.tenant, f"{name}s chat", timezone.now())
        return member("anna", Tenant.objects.get(pk="alice"))

    yield from build_module_data(build)


@pytest.fixture
def world(db: None, module_data: ModuleData) -> World:
    """That, for one test."""
    return World(copy_of_client(module_data.built))


def url(model: type[Model], page: str, *pks: str) -> str:
    """A page of the model's admin."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=[quote(pk) for pk in pks])


def named(pk: str) -> str:
    """How a list names a row: by its id, or by its box where that is a number."""
    return f'value="{pk}" class="action-select"' if pk.isdigit() else quote(pk)


def answer(client: Client, method: str, path: str) -> tuple[int, str]:
    """What tells one id from another: the status, and where it leads."""
    response = client.generic(method, path)
    return response.status_code, response.headers.get("Location", "")


def test_the_models_that_belong_to_tenants_are_found() -> None:
    assert {model._meta.model_name for model in OWNED} >= {"tenant", "project", "key", "packet", "loop"}


@every_model
@pytest.mark.parametrize("query", [{}, {"state": "all"}, {"q": "harlie"}, {"_facets": "True"}])
def test_lists_and_their_filters_hold_own_rows_only(
    world: World, model: type[Model], query: dict[str, str]
) -> None:
    if "state" in query and model.__name__ != "Loop":
        return  # a filter of the queue alone: tests/security/people/test_list_filters.py

    page = world.anna.get(url(model, "changelist"), query, follow=True)

    content = page.content.decode()
    assert page.status_code == 200
    assert named(world.pk(model, "charlie")) not in content
    assert "charlie" not in content


@every_model
def test_own_rows_are_listed_and_open(world: World, model: type[Model]) -> None:
    listed = world.anna.get(url(model, "changelist"), {"state": "all"} if model.__name__ == "Loop" else {})
    opened = world.anna.get(url(model, "change", world.pk(model, "alice")))

    assert named(world.pk(model, "alice")) in listed.content.decode()
    assert opened.status_code == 200


@every_model
@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_strangers_row_answers_as_if_it_did_not_exist(
    world: World, model: type[Model], page: str, method: str
) -> None:
    before = world.rows(model, "charlie")

    strangers = answer(world.anna, method, url(model, page, world.pk(model, "charlie")))

    assert strangers == answer(world.anna, method, url(model, page, UNKNOWN))
    assert strangers[0] in {302, 403}
    assert world.rows(model, "charlie") == before


@every_model
def test_forms_offer_own_rows_only(world: World, model: type[Model]) -> None:
    pages = [url(model, "add"), url(model, "change", world.pk(model, "alice"))]

    contents = [world.anna.get(page).content.decode() for page in pages]

    assert "charlie" not in "".join(contents)


@every_model
@pytest.mark.parametrize("across", ["0", "1"])
def test_bulk_actions_leave_strangers_rows_alone(world: World, model: type[Model], across: str) -> None:
    before = {owned: world.rows(owned, "charlie") for owned in OWNED}
    model_admin = admin.site.get_model_admin(model)
    names = [action if isinstance(action, str) else action.__name__ for action in model_admin.actions]

    for name in [*names, "delete_selected"]:
        data = {
            "action": name,
            "_selected_action": world.pk(model, "charlie"),
            "select_across": across,
            "post": "yes",
        }
        page = world.anna.post(url(model, "changelist"), data, follow=True)
        assert "charlie" not in page.content.decode()

    assert {owned: world.rows(owned, "charlie") for owned in OWNED} == before


def test_a_bulk_decision_with_a_strangers_loop_forged_into_it_decides_nothing(world: World) -> None:
    loop_model = next(model for model in OWNED if model.__name__ == "Loop")
    stranger = loop_model._default_manager.get(pk=world.pk(loop_model, "charlie"))
    data = {"action": "reject_selected", "_selected_action": stranger.pk, "seen": str(seen_now(stranger))}

    world.anna.post(url(loop_model, "changelist"), data | {"reason": "mine"}, follow=True)

    assert world.rows(loop_model, "charlie")[0]["state"] == "proposed"


def test_no_key_is_minted_for_a_strangers_project(world: World) -> None:
    before = Key.objects.count()
    stranger = Key.objects.filter(project__tenant="charlie")[0].project_id

    page = world.anna.post("/admin/tenants/key/add/", {"project": stranger, "kind": "agent"})

    assert "Select a valid choice" in page.content.decode()
    assert Key.objects.count() == before


def test_a_project_is_not_moved_into_a_strangers_tenant(world: World) -> None:
    project = next(model for model in OWNED if model.__name__ == "Project")
    own = world.pk(project, "alice")
    forms = {
        "keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0", "expires_at_0": "", "expires_at_1": "",
        "context_log_days": "0",
    }  # fmt: skip

    world.anna.post(
        url(project, "change", own), {"name": "x", "tenant": "charlie", "state": "active", **forms}
    )

    assert world.pk(project, "alice") == own


def test_the_front_page_counts_own_loops_only(world: World) -> None:
    page = world.anna.get("/admin/").content.decode()

    assert "<strong>1</strong> loop" in page
