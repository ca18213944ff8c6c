"""The file of a project: made from a template, refused when it is of another schema, broken alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.urls import path as route
from rest_framework.request import Request
from rest_framework.response import Response

from telemetry.models import Tally
from tenants.api.project_view import ProjectView
from tenants.keys.provisioning import MintedProject
from tenants.models import Project
from tenants.stores import pool, project_file
from tenants.stores.binding import bind
from tenants.stores.project_file import OutdatedFile

pytestmark = pytest.mark.django_db
ACME = Project(project_id="acme-00000001")
SPAN = {
    "traceId": "0a" * 16,
    "spanId": "0b" * 8,
    "name": "work",
    "startTimeUnixNano": "1",
    "endTimeUnixNano": "2",
}
SPANS = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}


class TalliesView(ProjectView):
    """The smallest view that reads the caller's project."""

    def get(self, request: Request) -> Response:
        """How many rows there are."""
        return Response({"count": Tally.objects.count()})


urlpatterns = [route("tallies", TalliesView.as_view())]


@pytest.fixture
def tallies(call: Any, settings: Any) -> Any:
    """`tallies(minted)`: the view above with the project's agent key."""
    settings.ROOT_URLCONF = __name__
    return lambda minted: call("GET", "/tallies", minted.keys["agent"])


def set_version(path: Path, version: int) -> None:
    """Make the file one of another LoopKit."""
    pool.close_all()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={version}")
    connection.close()


def test_a_new_file_has_this_codes_schema_and_nothing_in_it() -> None:
    with bind(ACME):
        assert Tally.objects.count() == 0

    with sqlite3.connect(project_file.path_of(ACME.project_id)) as connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    assert {"telemetry_record", "telemetry_tally"} <= tables
    assert not [name for name in tables if name.startswith(("tenants_", "auth_", "diagnosis_"))]
    assert version == project_file.schema_version()


def test_binding_alone_makes_no_file() -> None:
    with bind(ACME):
        pass

    assert not project_file.path_of(ACME.project_id).exists()


def test_no_draft_stays_beside_the_files(data_dir: Path) -> None:
    project_file.template_file().unlink()

    project_file.ensure(ACME)

    names = {path.name for path in (data_dir / "projects").iterdir()}
    template = f".template-{project_file.schema_version()}.sqlite3"
    assert names == {"acme-00000001.sqlite3", template}


def test_a_copy_that_fails_leaves_no_draft_and_no_half_file(data_dir: Path) -> None:
    project_file.template_file().unlink()
    (data_dir / "projects" / f".template-{project_file.schema_version()}.sqlite3").mkdir()

    with pytest.raises(OperationalError, match=r"acme-00000001\.sqlite3 cannot be created"):
        project_file.ensure(ACME)

    assert [path.name for path in (data_dir / "projects").iterdir() if path.is_file()] == []


def test_a_file_is_made_once_and_then_left_alone() -> None:
    first = project_file.ensure(ACME).stat()

    assert project_file.ensure(ACME).stat().st_ino == first.st_ino


@pytest.mark.parametrize(
    ("version", "remedy"),
    [(0, "run `manage.py migrate_projects`"), (10_000, "start the newer LoopKit again")],
)
def test_a_file_of_another_schema_is_refused_with_the_remedy(version: int, remedy: str) -> None:
    set_version(project_file.ensure(ACME), version)

    with bind(ACME), pytest.raises(OutdatedFile, match=remedy):
        Tally.objects.count()


def test_a_refused_file_is_not_kept_open() -> None:
    set_version(project_file.ensure(ACME), 0)

    with bind(ACME), pytest.raises(OutdatedFile):
        Tally.objects.count()

    assert not pool._idle


def test_migrating_a_file_of_a_newer_loopkit_is_refused_and_changes_nothing() -> None:
    path = project_file.ensure(ACME)
    set_version(path, 10_000)
    before = path.read_bytes()

    with pytest.raises(OutdatedFile, match="newer LoopKit"):
        project_file.migrate(path)

    assert path.read_bytes() == before


def test_migrating_says_whether_the_file_was_behind() -> None:
    path = project_file.ensure(ACME)
    set_version(path, 0)

    assert [project_file.migrate(path), project_file.migrate(path)] == [True, False]


@pytest.mark.parametrize("fault", ["garbage", "torn", "a folder", "another schema", "no such disk"])
def test_a_broken_file_is_a_503_for_its_project_only(
    tallies: Any, alice: MintedProject, charlie: MintedProject, data_dir: Path, fault: str
) -> None:
    damage(project_file.ensure(alice.project), fault)

    answer = tallies(alice)

    assert answer.status_code == 503
    assert int(answer["Retry-After"]) >= 1
    assert answer.json()["error"]["code"] == "store_unavailable"
    assert str(data_dir) not in answer.content.decode()
    assert tallies(charlie).status_code == 200


def test_a_mended_file_is_read_without_a_restart(tallies: Any, alice: MintedProject) -> None:
    path = project_file.ensure(alice.project)
    sound = path.read_bytes()
    damage(path, "garbage")
    assert tallies(alice).status_code == 503

    path.write_bytes(sound)

    assert tallies(alice).json() == {"count": 0}


def damage(path: Path, fault: str) -> None:
    """Break one project's file."""
    pool.close_all()
    if fault == "garbage":
        path.write_bytes(b"this is no database" * 1000)
    elif fault == "torn":
        path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 40_000)
    elif fault == "another schema":
        set_version(path, 0)
    elif fault == "a folder":
        path.unlink()
        path.mkdir()
    else:  # a link to where nothing is; permissions would not stop a superuser
        path.unlink()
        path.symlink_to("/nowhere/file.sqlite3")


@pytest.mark.parametrize("path", ["/v1/telemetry", "/v1/sessions"])
def test_the_read_paths_answer_503_for_the_broken_project_only(
    call: Any, alice: MintedProject, charlie: MintedProject, path: str
) -> None:
    damage(project_file.ensure(alice.project), "garbage")

    broken, sound = (call("GET", path, minted.keys["agent"]) for minted in (alice, charlie))

    assert (broken.status_code, sound.status_code) == (503, 200)
    assert int(broken["Retry-After"]) >= 1


def test_spans_for_a_broken_file_get_a_503_that_exporters_retry(
    call: Any, alice: MintedProject, charlie: MintedProject
) -> None:
    damage(project_file.ensure(alice.project), "garbage")

    broken, sound = (call("POST", "/v1/traces", one.keys["producer"], SPANS) for one in (alice, charlie))

    assert (broken.status_code, sound.status_code) == (503, 202)
    assert int(broken["Retry-After"]) >= 1
