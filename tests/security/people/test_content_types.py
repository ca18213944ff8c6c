"""
Pages of Django that find a row by the name or the number of its model: none of them reaches models that the admin
does not show, such as those of a project's file, which need a bound project.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client

from tenants.keys.provisioning import MintedProject
from tests.security.url_paths import PARAMETER, without_regex
from tests.staff_clients import home, member, operator
from tests.test_isolation import patterns

pytestmark = pytest.mark.django_db
PKS = ["1", "x"]
MODEL_WORDS = ("content_type", "model")


@pytest.fixture(params=["operator", "member"])
def browser(request: pytest.FixtureRequest, alice: MintedProject) -> Client:
    """That person's, which answers errors as a server does."""
    home(alice.project, "acme")
    signed_in = operator() if request.param == "operator" else member("anna", alice.project.tenant)
    signed_in.raise_request_exception = False
    return signed_in


def paths_by_model() -> Iterator[str]:
    """The routes that name a model in their parameters, with each model by number and by name."""
    routes = [
        without_regex(route)
        for route in patterns()
        if any(word in name for name in PARAMETER.findall(route) for word in MODEL_WORDS)
    ]
    for kind in ContentType.objects.all():
        for name in (str(kind.pk), kind.model):
            for pk in (*PKS, str(User.objects.latest("pk").pk)):
                yield from ("/" + PARAMETER.sub(pk, PARAMETER.sub(name, route, count=1)) for route in routes)


def test_no_page_finds_a_row_by_the_number_of_its_model(browser: Client) -> None:
    paths = [*paths_by_model(), "/admin/r/", "/admin/r/1/", "/admin/r/1/1/1/"]

    statuses = {path: browser.get(path).status_code for path in paths}

    assert len(statuses) > 100
    assert {path: status for path, status in statuses.items() if status != 404} == {}


def completions(model: type[Model]) -> Iterator[dict[str, str]]:
    """What a widget may ask about each field of the model, also those that lead back to it."""
    for field in model._meta.get_fields(include_hidden=True):
        names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name or ""}
        yield names | {"field_name": field.name, "term": "x"}


def test_no_completion_finds_a_row_by_the_name_of_its_model(browser: Client) -> None:
    asked = [query for model in apps.get_models(include_auto_created=True) for query in completions(model)]

    statuses = {
        tuple(query.values()): browser.get("/admin/autocomplete/", query).status_code for query in asked
    }

    assert len(statuses) > 200
    assert set(statuses.values()) == {404}
    assert [model for model in admin.site._registry.values() if model.autocomplete_fields] == []
