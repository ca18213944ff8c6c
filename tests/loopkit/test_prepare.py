"""`manage.py prepare`, in processes of its own as operators run it."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from loopkit.prepare import make_private
from tests.server import ROOT, manage

PASSWORD = re.compile(r"Admin user made: admin, password (\S+) \(shown this once\)")
SIGN_IN = "from django.contrib.auth import authenticate; print(authenticate(username='admin', password={!r}))"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a new installation."""
    return os.environ | {"LOOPKIT_DATA_DIR": str(tmp_path / "data")}


def users(environment: dict[str, str]) -> list[tuple[int, str, str]]:
    """The users of the installation, with their password hashes."""
    with closing(sqlite3.connect(Path(environment["LOOPKIT_DATA_DIR"]) / "control.sqlite3")) as database:
        return database.execute("SELECT id, username, password FROM auth_user").fetchall()


def test_a_new_data_dir_gets_a_database_a_template_and_an_admin_who_can_sign_in(
    environment: dict[str, str],
) -> None:
    data_dir = Path(environment["LOOPKIT_DATA_DIR"])

    printed = manage(environment, "prepare")

    password = PASSWORD.search(printed)
    assert password
    assert manage(environment, "shell", "-v", "0", "-c", SIGN_IN.format(password[1])).strip() == "admin"
    assert (data_dir / "control.sqlite3").exists()
    assert list((data_dir / "projects").glob(".template-*.sqlite3"))


def test_a_second_run_changes_nothing_and_shows_no_password(environment: dict[str, str]) -> None:
    manage(environment, "prepare")
    before = users(environment)

    printed = manage(environment, "prepare")

    assert users(environment) == before
    assert "Admin user kept" in printed
    assert not PASSWORD.search(printed)


def test_a_new_data_dir_is_closed_to_other_users(tmp_path: Path) -> None:
    make_private(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_a_mode_that_the_operator_chose_later_stays(tmp_path: Path) -> None:
    make_private(tmp_path / "data")
    (tmp_path / "data").chmod(0o750)

    make_private(tmp_path / "data")

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o750


def test_two_runs_at_once_make_one_admin(environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "prepare"]

    racing = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in "ab"
    ]
    printed = [process.communicate(timeout=60)[0] for process in racing]

    assert [process.returncode for process in racing] == [0, 0]
    assert sum(bool(PASSWORD.search(text)) for text in printed) == 1
