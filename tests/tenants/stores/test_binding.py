"""`with bind(project)`: loud when it is missing or wrong, and no thread sees another's project."""

from __future__ import annotations

import contextvars
import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.db.utils import ConnectionDoesNotExist

from telemetry.models import Tally
from tenants.models import Project
from tenants.stores import project_file
from tenants.stores.binding import (
    AlreadyBound,
    ProjectNotBound,
    WrongProject,
    bind,
    bound_alias,
    bound_project,
)
from tests.concurrent_processes import race

pytestmark = pytest.mark.django_db
ACME, GLOBEX = Project(project_id="acme-00000001"), Project(project_id="globex-00000002")


def write(reason: str, hour: int = 1) -> Tally:
    """A row in the bound project."""
    return Tally.objects.create(hour=hour, reason=reason, count=1)


def reasons() -> set[str]:
    """What the bound project holds."""
    return set(Tally.objects.values_list("reason", flat=True))


@pytest.mark.parametrize(
    "use",
    [
        lambda: Tally.objects.count(),
        lambda: list(Tally.objects.all()),
        lambda: Tally.objects.create(hour=1, reason="x", count=1),
        lambda: Tally(hour=1, reason="x", count=1).save(),
        lambda: Tally.objects.all().delete(),
        lambda: Tally.objects.update(count=2),
        lambda: Tally.objects.bulk_create([Tally(hour=1, reason="x", count=1)]),
        lambda: bound_project(),
        lambda: bound_alias(),
    ],
)
def test_telemetry_outside_a_binding_is_refused(use: Callable[[], Any]) -> None:
    with pytest.raises(ProjectNotBound, match="bind"):
        use()


def test_a_binding_ends_with_its_block_even_if_that_fails() -> None:
    def fail() -> None:
        with bind(ACME):
            write("a")
            raise ValueError("fault")

    with pytest.raises(ValueError, match="fault"):
        fail()

    with pytest.raises(ProjectNotBound):
        Tally.objects.count()


def test_what_one_project_holds_the_other_does_not() -> None:
    with bind(ACME):
        write("ours")
    with bind(GLOBEX):
        write("theirs")
        assert reasons() == {"theirs"}

    with bind(ACME):
        assert reasons() == {"ours"}


@pytest.mark.parametrize(
    "use",
    [
        lambda row: row.save(),
        lambda row: row.save(force_insert=True),
        lambda row: row.delete(),
        lambda row: row.refresh_from_db(),
    ],
)
def test_a_row_of_one_project_is_refused_under_another(use: Callable[[Tally], Any]) -> None:
    with bind(ACME):
        row = write("ours")

    with bind(GLOBEX):
        with pytest.raises(WrongProject, match=r"acme-.*globex-"):
            use(row)
        assert reasons() == set()


def test_a_row_is_at_home_in_every_later_binding_of_its_project() -> None:
    with bind(ACME):
        row = write("ours")

    with bind(ACME):
        row.count = 7
        row.save()
        assert Tally.objects.get().count == 7


def test_another_projects_alias_is_not_reachable() -> None:
    with bind(ACME):
        foreign = bound_alias()

    with bind(GLOBEX), pytest.raises(ConnectionDoesNotExist):
        Tally.objects.using(foreign).count()


def test_a_second_project_inside_the_block_is_refused_and_the_first_goes_on() -> None:
    with bind(ACME):
        with pytest.raises(AlreadyBound), bind(GLOBEX):
            pass

        write("ours")
        assert bound_project() == ACME


def test_the_same_project_again_is_free() -> None:
    with bind(ACME):
        write("outer")
        with bind(Project(project_id=ACME.project_id)):
            write("inner")

        assert reasons() == {"outer", "inner"}


def test_threads_write_and_read_their_own_project_only() -> None:
    projects = [Project(project_id=f"thread-{number:08x}") for number in range(12)]
    together = Barrier(8)

    def work(worker: int) -> None:
        together.wait(10)
        for turn in range(12):
            project = projects[(worker + turn) % len(projects)]
            with bind(project):
                write(f"{project.project_id} {worker}")
                assert all(reason.startswith(project.project_id) for reason in reasons())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    for project in projects:
        with bind(project):
            assert reasons() == {f"{project.project_id} {worker}" for worker in range(8)}


def test_a_binding_is_not_usable_in_another_thread() -> None:
    with bind(ACME), ThreadPoolExecutor(1) as thread:
        write("ours")
        copied = contextvars.copy_context()

        with pytest.raises(ProjectNotBound):
            thread.submit(Tally.objects.count).result()
        with pytest.raises(ProjectNotBound, match="another thread"):
            thread.submit(copied.run, Tally.objects.count).result()


@pytest.mark.parametrize("project", [ACME, GLOBEX])
def test_a_thread_with_a_copied_context_binds_for_itself(project: Project) -> None:
    def work() -> str:
        with bind(project):
            write("from the thread")
            return bound_project().project_id

    with bind(ACME), ThreadPoolExecutor(1) as thread:
        write("ours")
        copied = contextvars.copy_context()

        assert thread.submit(copied.run, work).result() == project.project_id
        assert bound_project() == ACME

    with bind(project):
        assert "from the thread" in reasons()


def test_the_settings_of_django_never_change(settings: Any) -> None:
    before = copy.deepcopy(settings.DATABASES), list(connections.settings)

    with bind(ACME):
        write("ours")
        assert (settings.DATABASES, list(connections.settings)) == before

    assert (settings.DATABASES, list(connections.settings)) == before
    assert not [name for name in vars(connections._connections) if name.startswith("project:")]


def test_threads_that_race_for_a_new_project_make_one_file(data_dir: Path) -> None:
    project_file.template_file().unlink()  # so they race for that too
    together = Barrier(8)

    def work(worker: int) -> None:
        together.wait(10)
        with bind(ACME):
            write(str(worker))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))

    with bind(ACME):
        assert reasons() == {str(worker) for worker in range(8)}
    drafts = [path.name for path in (data_dir / "projects").iterdir() if "draft" in path.name]
    assert drafts == []


RACER = """
import django

django.setup()
from telemetry.models import Tally
from tenants.stores.binding import bind
from tenants.models import Project

wait_for_the_others()
for turn in range(5):
    with bind(Project(project_id=f"race-{turn:08x}")):
        Tally.objects.create(hour=1, reason=name, count=1)
"""


def test_processes_that_race_for_new_projects_make_one_file_each(
    new_installation: Callable[[], Path], settings: Any
) -> None:
    settings.LOOPKIT_DATA_DIR = new_installation()
    project_file.template_file().unlink()

    race(RACER, ["a", "b"], {"LOOPKIT_DATA_DIR": str(settings.LOOPKIT_DATA_DIR)})

    for turn in range(5):
        with bind(Project(project_id=f"race-{turn:08x}")):
            assert reasons() == {"a", "b"}
