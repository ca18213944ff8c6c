"""A project is never served another project's file, which a wrong restore puts in the place of its own."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tenants.keys.provisioning import MintedProject
from tenants.stores import ownership, pool, project_file
from tests.tenants.stores.test_project_file import SPANS


@pytest.fixture
def own(alice: MintedProject, charlie: MintedProject, call: Any, tmp_path: Path) -> Path:
    """A copy of alice's own file; charlie has one with a span, too."""
    for minted in (alice, charlie):
        assert call("POST", "/v1/traces", minted.keys["producer"], SPANS).status_code == 202
    pool.close_all()
    return Path(shutil.copyfile(file_of(alice), tmp_path / "own.sqlite3"))


def file_of(minted: MintedProject) -> Path:
    """The path of the project's file."""
    return project_file.path_of(minted.project.pk)


def put(source: Path, target: MintedProject) -> None:
    """Put a copy of the file in the place of the project's own, as a restore does."""
    pool.close_all()
    shutil.copyfile(source, file_of(target))


def statuses(call: Any, minted: MintedProject) -> list[int]:
    """What a read and a write of the project get."""
    return [
        call("GET", "/v1/telemetry", minted.keys["agent"]).status_code,
        call("POST", "/v1/traces", minted.keys["producer"], SPANS).status_code,
    ]


def test_another_projects_file_is_refused_with_the_remedy_and_the_own_one_served_again(
    own: Path, alice: MintedProject, charlie: MintedProject, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    put(file_of(charlie), alice)
    before = file_of(alice).read_bytes()

    refused = statuses(call, alice)
    kept = file_of(alice).read_bytes()
    put(own, alice)

    assert refused == [503, 503]
    assert kept == before
    assert f"{file_of(alice).name} is another project's file: put its own file in its place" in caplog.text
    assert [statuses(call, alice), statuses(call, charlie)] == [[200, 202], [200, 202]]


def test_checks_name_both_projects_to_the_operator_and_neither_to_everybody(
    own: Path, alice: MintedProject, charlie: MintedProject, call: Any
) -> None:
    put(file_of(charlie), alice)

    with pytest.raises(CommandError, match=f"{alice.project.pk} has the file of {charlie.project.pk}"):
        call_command("check_data")
    with pytest.raises(CommandError, match=r"1 of 2 failed:(.|\n)*is another project's file"):
        call_command("migrate_projects", verbosity=0)
    [warning] = call("GET", "/readyz").json()["warnings"]

    assert warning == (
        "foreign_files: Of the projects, 1 with the file of another project, answered with 503. Put each project's "
        "own file in its place."
    )


def test_a_file_of_an_earlier_version_becomes_the_projects_that_it_is_named_after(
    own: Path, alice: MintedProject, call: Any, caplog: pytest.LogCaptureFixture
) -> None:
    pool.close_all()
    with closing(sqlite3.connect(file_of(alice))) as file:
        file.execute(f"PRAGMA application_id={ownership.NOBODYS}")

    refused = statuses(call, alice)
    call_command("migrate_projects", verbosity=0)

    assert refused == [503, 503]
    assert "does not say whose it is: run `manage.py migrate_projects`" in caplog.text
    assert statuses(call, alice) == [200, 202]
    pool.close_all()
    assert ownership.owner_in_header(file_of(alice)) == ownership.number_of(alice.project.pk)
