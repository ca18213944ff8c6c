"""Open project files: bounded, reused when sound, dropped when broken."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction

from telemetry.models import Tally
from tenants.models import Project
from tenants.stores import pool
from tenants.stores.binding import bind, bound_alias
from tenants.stores.project_file import MissingFile, ensure, path_of

pytestmark = pytest.mark.django_db
ACME = Project(project_id="acme-00000001")


def descriptors() -> int:
    """How many this process holds."""
    return len(os.listdir("/proc/self/fd"))


def touch(project: Project) -> None:
    """One committed row."""
    with bind(project):
        Tally.objects.create(hour=1, reason="x", count=1)


def opened() -> Any:
    """The connection that the bound project has in this thread."""
    return connections[bound_alias()]


@pytest.fixture
def memory_dir(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A data dir in memory where there is room: on a disk, syncing 2,000 files would be most of the test."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 1 << 30
    with TemporaryDirectory(dir=memory if roomy else tmp_path) as folder:
        settings.LOOPKIT_DATA_DIR = Path(folder)
        yield
        pool.close_all()


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
@pytest.mark.usefixtures("memory_dir")
def test_2000_projects_stay_under_256_descriptors() -> None:
    projects = [Project(project_id=f"many-{number:08x}") for number in range(2000)]
    before = descriptors()
    counts = []

    def work(project: Project) -> None:
        touch(project)
        counts.append(descriptors())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, projects))

    assert len(counts) == 2000
    assert max(counts) < 256
    assert max(counts) - before < 200  # so this counts what a server process holds, whatever ran before


def test_the_pool_never_exceeds_its_bound_and_keeps_the_latest(settings: Any) -> None:
    settings.LOOPKIT_OPEN_STORES = 3

    for number in range(10):
        touch(Project(project_id=f"few-{number:08x}"))
        assert len(pool._idle) <= 3

    assert [connection.alias[-1] for connection in pool._idle] == ["7", "8", "9"]


def test_a_sound_connection_is_used_again() -> None:
    with bind(ACME):
        first = opened()

    with bind(ACME):
        assert opened() is first


def reasons(project: Project) -> list[str]:
    """What is in the project's file."""
    with bind(project):
        return list(Tally.objects.values_list("reason", flat=True))


def remove(project: Project) -> None:
    """The file and what SQLite keeps beside it."""
    for file in path_of(project.project_id).parent.glob(f"{project.project_id}.sqlite3*"):
        file.unlink()


def test_a_row_goes_into_the_file_that_took_the_old_ones_place(tmp_path: Path) -> None:
    copy = Path(shutil.copyfile(ensure(ACME), tmp_path / "copy.sqlite3"))
    touch(ACME)

    remove(ACME)
    shutil.copyfile(copy, path_of(ACME.project_id))
    touch(ACME)

    stored = sqlite3.connect(path_of(ACME.project_id)).execute("SELECT reason FROM telemetry_tally")
    assert stored.fetchall() == [("x",)]


@pytest.fixture
def stored(make_project: Any) -> Project:
    """A project of the control database: ACME is none, so nothing is known of its file."""
    project: Project = make_project().project
    return project


def test_a_file_that_is_gone_is_not_begun_anew(stored: Project) -> None:
    touch(stored)
    remove(stored)

    with (
        bind(stored),
        pytest.raises(MissingFile, match=f"put it back, or run `manage.py forget_store {stored}`"),
    ):
        Tally.objects.count()

    assert not path_of(stored.project_id).exists()


def test_who_read_the_project_before_its_file_was_made_does_not_begin_it_anew(stored: Project) -> None:
    early = Project.objects.get(pk=stored.pk)
    touch(stored)
    remove(stored)

    with bind(early), pytest.raises(MissingFile):
        Tally.objects.count()


def test_a_file_that_is_put_back_is_read_without_a_restart(tmp_path: Path, stored: Project) -> None:
    touch(stored)
    path = path_of(stored.project_id)
    pool.close_all()
    path.rename(tmp_path / "aside")
    with bind(stored), pytest.raises(MissingFile):
        Tally.objects.count()

    (tmp_path / "aside").rename(path)

    assert reasons(stored) == ["x"]


def test_connections_to_a_replaced_file_are_closed() -> None:
    with bind(ACME), ThreadPoolExecutor(1) as thread:
        Tally.objects.count()
        thread.submit(touch, ACME).result()
    old = list(pool._idle)

    remove(ACME)
    touch(ACME)

    assert len(old) == 2
    assert [connection.connection for connection in old] == [None, None]
    assert len(pool._idle) == 1


def test_taking_an_idle_connection_costs_one_stat(monkeypatch: pytest.MonkeyPatch) -> None:
    touch(ACME)
    looked: list[Any] = []
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda *args, **more: looked.append(args) or stat(*args, **more))

    pool.give_back_connection(pool.take_connection(ACME))

    assert len(looked) == 1


def test_two_threads_never_share_a_connection() -> None:
    with bind(ACME), ThreadPoolExecutor(1) as thread:
        ours = opened()

        def theirs() -> Any:
            with bind(ACME):
                return opened()

        assert thread.submit(theirs).result() is not ours


def test_a_connection_in_a_broken_transaction_is_not_used_again() -> None:
    with bind(ACME):
        broken = opened()
        broken.ensure_connection()
        transaction.atomic(using=bound_alias()).__enter__()  # and never left

    with bind(ACME):
        assert opened() is not broken
        assert not opened().in_atomic_block
    assert broken.connection is None


def test_what_a_broken_transaction_wrote_is_gone_and_its_lock_free() -> None:
    with bind(ACME):
        transaction.atomic(using=bound_alias()).__enter__()
        Tally.objects.create(hour=1, reason="never committed", count=1)

    with bind(ACME):
        Tally.objects.create(hour=1, reason="committed", count=1)
        assert list(Tally.objects.values_list("reason", flat=True)) == ["committed"]


def test_a_connection_that_met_a_fault_is_not_used_again() -> None:
    with bind(ACME):
        faulty = opened()
        with pytest.raises(OperationalError), faulty.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")

    with bind(ACME):
        assert opened() is not faulty


def test_a_refused_duplicate_is_no_fault_of_the_connection() -> None:
    touch(ACME)
    with bind(ACME):
        sound = opened()
        with pytest.raises(Exception, match="UNIQUE"):
            Tally.objects.create(hour=1, reason="x", count=1)

    with bind(ACME):
        assert opened() is sound


def test_acknowledged_rows_are_synced() -> None:
    with bind(ACME), opened().cursor() as cursor:
        assert cursor.execute("PRAGMA synchronous").fetchone()[0] == 2  # FULL
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_committed_row_is_seen_by_any_other_reader_at_once() -> None:
    with bind(ACME):
        Tally.objects.create(hour=1, reason="x", count=1)
        path = opened().settings_dict["NAME"]

        reader = sqlite3.connect(path)

        assert reader.execute("SELECT reason FROM telemetry_tally").fetchall() == [("x",)]
        reader.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_takes_no_connection_of_its_parent() -> None:
    touch(ACME)

    child = os.fork()
    if child == 0:
        os._exit(len(pool._idle))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(pool._idle) == 1


def test_closing_all_leaves_none_open() -> None:
    touch(ACME)

    pool.close_all()

    assert not pool._idle
    touch(Project(project_id="other-00000001"))
