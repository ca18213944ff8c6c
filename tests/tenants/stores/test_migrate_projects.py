"""`manage.py migrate_projects` mends every file it can and names the others."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from telemetry.models import Tally
from tenants.keys.provisioning import MintedProject
from tenants.stores import project_file
from tenants.stores.binding import bind
from tests.server import Server
from tests.tenants.stores.test_project_file import damage, set_version


def run(**options: Any) -> str:
    """What the command printed."""
    out = StringIO()
    call_command("migrate_projects", stdout=out, **options)
    return out.getvalue()


def use(minted: MintedProject) -> None:
    """One row in the project."""
    with bind(minted.project):
        Tally.objects.create(hour=1, reason="kept", count=1)


def test_an_outdated_file_is_brought_up_with_its_rows(alice: MintedProject) -> None:
    use(alice)
    set_version(project_file.path_of(alice.project.project_id), 0)

    printed = run()

    assert f"1/1 {alice.project.project_id}: migrated" in printed
    with bind(alice.project):
        assert Tally.objects.get().reason == "kept"


def test_an_empty_file_is_refused_with_the_remedy(alice: MintedProject) -> None:
    project_file.path_of(alice.project.project_id).touch()

    with pytest.raises(CommandError, match="is empty, or not a store: put a copy"):
        run()


def test_a_second_run_changes_nothing(alice: MintedProject) -> None:
    use(alice)

    assert "up to date" in run()
    assert "up to date" in run()


def test_a_project_without_a_file_needs_nothing(alice: MintedProject) -> None:
    assert "no file yet" in run()
    assert not project_file.path_of(alice.project.project_id).exists()


@pytest.mark.parametrize("fault", ["garbage", "a folder", "newer"])
def test_a_broken_file_is_named_and_stops_no_other(
    alice: MintedProject, make_project: Any, fault: str
) -> None:
    broken, zoe = make_project("aaa"), make_project("zoe")
    for minted in (broken, alice, zoe):
        use(minted)
    for minted in (alice, zoe):
        set_version(project_file.path_of(minted.project.project_id), 0)
    path = project_file.path_of(broken.project.project_id)
    set_version(path, 10_000) if fault == "newer" else damage(path, fault)

    with pytest.raises(CommandError) as failure:
        run()

    assert str(failure.value).startswith("1 of 3 failed:")
    assert broken.project.project_id in str(failure.value)
    assert alice.project.project_id not in str(failure.value)
    for minted in (alice, zoe):
        with bind(minted.project):
            assert Tally.objects.count() == 1


def test_it_is_silent_when_told_so(alice: MintedProject) -> None:
    use(alice)

    assert run(verbosity=0) == ""


def test_one_broken_file_does_not_keep_an_installation_from_starting(
    server: Server,
) -> None:
    broken = server.provision("broken file")
    path = server.data_dir / "projects" / f"{broken['project_id']}.sqlite3"
    path.write_bytes(b"this is no database" * 1000)

    assert "Data dir ready" in server.manage("prepare")

    path.unlink()
