"""
A list of the admin is filtered by what its own filters offer: tried with every field and every lookup that Django
knows, as a viewer, a tenant manager and a superuser.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle, islice
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import OperationalError, connection, connections
from django.db.models import Field, Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from loopkit import roles
from tenants.console.refusing import RefusingAdmin
from tenants.keys.provisioning import MintedProject
from tenants.stores.binding import bind, bound_alias
from tests.loopkit.test_roles import rows_of, url, with_role
from tests.module_data import ModuleData, copy_of_client
from tests.staff_clients import operator
from tests.thorough import thorough

PEOPLE = ["viewer", "tenantmanager", "boss"]
VALUES = [
    "^(a+)+b",
    "(",
    "nan",
    "[",
    "1",
    "99999999999999",
    "9" * 30,
    "x",
    "",
    "\0",
    "true",
    "a,b",
    "2026-01-01",
]
FROM_FILTERS = {"exact", "isnull", "isempty"}  # the lookups of Django's own filters that the admins have


@pytest.fixture(scope="module")
def module_data(build_module_data: Callable[..., Any]) -> Iterator[ModuleData]:
    """Rows of two tenants, and who looks at them."""

    def build() -> dict[str, Client]:
        roles.make_roles()
        rows_of("alice")
        rows_of("charlie")
        return {
            "viewer": with_role("viewer", "viewer", "alice"),
            "tenantmanager": with_role("tenantmanager", "tenant manager", "alice"),
            "boss": operator(),
        }

    yield from build_module_data(build)


@pytest.fixture
def browsers(db: None, module_data: ModuleData) -> dict[str, Client]:
    """The browsers, for one test."""
    return {name: copy_of_client(client) for name, client in module_data.built.items()}


def named_lookups(model: type[Model]) -> Iterator[tuple[str, str]]:
    """(field, lookup) for each field and relation and each of its lookups and transforms, and a field beyond each."""
    yield "pk", "regex"
    for field in model._meta.get_fields():
        yield field.name, ""
        target = field if isinstance(field, Field) else field.target_field
        yield from ((field.name, lookup) for lookup in target.get_lookups())
        for beyond in field.related_model._meta.fields if field.related_model else ():
            yield f"{field.name}__{beyond.name}", "startswith"


def change_list(model_admin: Any, user: User, query: dict[str, str]) -> ChangeList:
    """The list as that person gets it."""
    found: ChangeList = model_admin.get_changelist_instance(request_of(user, query))
    return found


def request_of(user: User, query: dict[str, str]) -> Any:
    """A request of that person's."""
    request = RequestFactory().get("/", query)
    request.user = user
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize(
    ("name", "step"),
    [("boss", 1), ("viewer", 7), ("tenantmanager", 7), *thorough(("viewer", 1), ("tenantmanager", 1))],
)
def test_no_list_is_filtered_by_what_its_filters_do_not_offer(
    browsers: dict[str, Client], name: str, step: int
) -> None:
    """Every lookup as a superuser, whom nothing else keeps from a row, and every seventh as the others."""
    user, values, taken, tried = User.objects.get(username=name), cycle(VALUES), set(), 0

    with CaptureQueriesContext(connection) as statements:
        for model, model_admin in admin.site._registry.items():
            for path, lookup in islice(named_lookups(model), tried % step, None, step):
                parameter, tried = f"{path}__{lookup}".removesuffix("__"), tried + 1
                try:
                    change_list(model_admin, user, {parameter: next(values)})
                except DisallowedModelAdminLookup:
                    continue
                taken.add((model.__name__, parameter, lookup))

    assert tried > 3000 // step
    assert {lookup for _, _, lookup in taken} <= FROM_FILTERS | {""}
    assert not [statement for statement in statements.captured_queries if "REGEXP" in statement["sql"]]


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("loop", "operation__regex=^(a%2B)%2Bb"), ("loop", "loop_id__regex=((%5Cw%2B)%2B)%2B!"),
        ("loop", "operation__regex=("), ("loop", "again__range=nan"), ("loop", "issue__contained_by=["),
        ("auditentry", "detail__contains=1"), ("project", "created_at__year=99999999999999"),
        ("group", "id__range=1"), ("user", "id__range=1"), ("feedkey", "id__range=1"), ("notice", "id__range=1"),
        ("tracker", "id__range=1"), ("accessrequest", "id__range=1"), ("user", "mail_choices=1"),
        ("user", "tenants__tenant_id__startswith=ch"), ("user", "tenants__tenant_id__in=charlie"),
        ("user", "password__startswith=m"), ("key", "digest__startswith=a"), ("loop", "unknown=1"),
    ],
)  # fmt: skip
def test_another_filter_is_a_400_that_names_the_remedy(
    browsers: dict[str, Client], caplog: Any, model: str, query: str
) -> None:
    path = next(url(each, "changelist") for each in admin.site._registry if each._meta.model_name == model)

    for name in ("boss", "tenantmanager"):
        answer = browsers[name].get(f"{path}?{query}")
        assert answer.status_code == 400 or (answer.status_code == 403 and name != "boss")
        if answer.status_code == 400:
            assert "choose from the filters that it offers" in answer.json()["error"]["hint"]
    assert "is not available" not in caplog.text


@pytest.mark.parametrize("name", PEOPLE)
def test_a_value_of_an_own_filter_shows_no_further_row_and_fails_nowhere(
    browsers: dict[str, Client], name: str
) -> None:
    user, tried = User.objects.get(username=name), 0
    for model_admin in admin.site._registry.values():
        whole = change_list(model_admin, user, {})
        own = set(model_admin.get_queryset(request_of(user, {})).values_list("pk", flat=True))
        from_filters = [
            str(parameter) for spec in whole.filter_specs for parameter in spec.expected_parameters()
        ]
        for parameter in ["q", "o", "p", *from_filters]:
            for value in VALUES:
                tried += 1
                with suppress(DisallowedModelAdminLookup):
                    shown = {row.pk for row in change_list(model_admin, user, {parameter: value}).result_list}
                    assert shown <= own, (parameter, value)

    assert tried > 300


def test_every_admin_refuses_other_filters_than_its_own() -> None:
    assert [each for each in admin.site._registry.values() if not isinstance(each, RefusingAdmin)] == []


def test_no_sqlite_file_runs_a_regular_expression(db: None, alice: MintedProject) -> None:
    with bind(alice.project):
        opened = connections[bound_alias()]
        for each in (connection, opened):
            with (
                each.cursor() as cursor,
                pytest.raises(OperationalError, match="user-defined function raised"),
            ):
                cursor.execute("SELECT 'a' REGEXP 'a'")
