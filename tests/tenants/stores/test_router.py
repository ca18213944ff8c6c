"""Which database a model's rows go to."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, router

from telemetry.models import Tally
from tenants.models import Project
from tenants.stores.binding import bind, bound_alias
from tenants.stores.router import ProjectRouter

ACME = Project(project_id="acme-00000001")


@pytest.mark.django_db
def test_telemetry_goes_to_the_bound_project_and_all_else_to_the_control_database() -> None:
    with bind(ACME):
        alias = bound_alias()

        assert router.db_for_read(Tally) == router.db_for_write(Tally) == alias == "project:acme-00000001"
        for model in apps.get_models():
            if model._meta.app_label != "telemetry":
                assert router.db_for_read(model) == router.db_for_write(model) == "default"


def test_telemetry_tables_are_made_in_project_files_only() -> None:
    rule = ProjectRouter()

    assert rule.allow_migrate("project:acme-00000001", "telemetry")
    assert not rule.allow_migrate("default", "telemetry")
    for app in ("tenants", "diagnosis", "auth", "sessions"):
        assert rule.allow_migrate("default", app)
        assert not rule.allow_migrate("project:acme-00000001", app)


@pytest.mark.django_db
def test_the_control_database_holds_no_telemetry_table() -> None:
    assert not [name for name in connection.introspection.table_names() if name.startswith("telemetry_")]


def test_rows_of_the_two_kinds_of_store_do_not_relate() -> None:
    rule = ProjectRouter()

    assert rule.allow_relation(Tally(), Tally())
    assert rule.allow_relation(ACME, ACME)
    assert not rule.allow_relation(ACME, Tally())
