"""`manage.py check` keeps the two kinds of store apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import models

from tenants.stores.checks import no_relation_leaves_a_database


@pytest.fixture
def forget_models() -> Iterator[None]:
    """Models that the test defines are gone afterwards."""
    before = {label: dict(apps.all_models[label]) for label in ("telemetry", "tenants")}
    yield
    for label, known in before.items():
        apps.all_models[label].clear()
        apps.all_models[label].update(known)
    apps.clear_cache()


def test_the_project_passes_its_checks() -> None:
    call_command("check", fail_level="WARNING")


def test_nothing_crosses_now() -> None:
    assert no_relation_leaves_a_database(None) == []


@pytest.mark.usefixtures("forget_models")
def test_a_foreign_key_out_of_a_projects_file_is_an_error() -> None:
    class Note(models.Model):  # noqa: DJ008  (never shown)
        project = models.ForeignKey("tenants.Project", on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "telemetry"

    errors = [error for error in run_checks() if error.id == "loopkit.E001"]

    assert [(error.obj, error.msg) for error in errors] == [
        (Note, "Note.project points out of its database.")
    ]


@pytest.mark.usefixtures("forget_models")
def test_a_foreign_key_into_a_projects_file_is_an_error() -> None:
    class Mark(models.Model):  # noqa: DJ008  (never shown)
        record = models.ForeignKey("telemetry.Origin", on_delete=models.CASCADE, related_name="+")

        class Meta:
            app_label = "tenants"

    assert [error.obj for error in no_relation_leaves_a_database(None)] == [Mark]


@pytest.mark.usefixtures("forget_models")
def test_many_to_many_is_noticed_too() -> None:
    class Label(models.Model):  # noqa: DJ008  (never shown)
        origins = models.ManyToManyField("telemetry.Origin", related_name="+")

        class Meta:
            app_label = "tenants"

    assert Label in [error.obj for error in no_relation_leaves_a_database(None)]
