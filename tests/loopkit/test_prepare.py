"""`manage.py prepare`, in processes of its own as operators run it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from loopkit.prepare import make_private
from tests.browser_forms import Person
from tests.server import ROOT, Server, manage
from tests.shared_server import password_in


def users(data_dir: Path) -> list[tuple[int, str, str]]:
    """The users of the installation, with their password hashes."""
    with closing(sqlite3.connect(data_dir / "control.sqlite3")) as database:
        return database.execute("SELECT id, username, password FROM auth_user").fetchall()


def test_a_new_data_dir_gets_a_database_a_template_and_an_admin(prepared: tuple[Path, str]) -> None:
    data_dir, printed = prepared

    assert password_in(printed)
    assert [name for _, name, _ in users(data_dir)] == ["admin"]
    assert list((data_dir / "projects").glob(".template-*.sqlite3"))


def test_the_admin_signs_in_with_the_password_that_was_shown(
    server: Server, prepared: tuple[Path, str]
) -> None:
    password = password_in(prepared[1])

    Person(server.url).sign_in("admin", password)


def test_a_second_run_changes_nothing_and_shows_no_password(new_installation: Callable[[], Path]) -> None:
    data_dir = new_installation()
    before = users(data_dir)

    printed = manage(os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)}, "prepare")

    assert users(data_dir) == before
    assert "Admin user kept" in printed
    assert "shown this once" not in printed


def test_a_new_data_dir_is_closed_to_other_users(tmp_path: Path) -> None:
    make_private(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_mode_that_the_operator_chose_later_stays(tmp_path: Path) -> None:
    make_private(tmp_path / "data")
    (tmp_path / "data").chmod(0o750)

    make_private(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750


def without_admin(data_dir: Path) -> Path:
    """The installation before its admin was made."""
    with closing(sqlite3.connect(data_dir / "control.sqlite3", isolation_level=None)) as database:
        database.execute("DELETE FROM auth_user")
    return data_dir


@pytest.mark.parametrize(
    "migrated", [True, pytest.param(False, marks=pytest.mark.faults)], ids=["migrated", "new"]
)
def test_two_runs_at_once_make_one_admin(
    tmp_path: Path, new_installation: Callable[[], Path], migrated: bool
) -> None:
    data_dir = without_admin(new_installation()) if migrated else tmp_path / "data"
    environment = os.environ | {"LOOPKIT_DATA_DIR": str(data_dir)}
    command = [sys.executable, "manage.py", "prepare"]

    racing = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in "ab"
    ]
    printed = [process.communicate(timeout=60)[0] for process in racing]

    assert [process.returncode for process in racing] == [0, 0]
    assert sorted("Admin user made" in text for text in printed) == [False, True]
    assert [name for _, name, _ in users(data_dir)] == ["admin"]
