"""
A copy of the data dir while the server runs, with SQLite's online backup: https://www.sqlite.org/backup.html

The order matters. The head of the audit log is copied before the log, so that the log has it. The control database is
copied before the project files, so that every record it names is in them.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from django.db import connection

from tenants.audit import head
from tenants.installation import restores

STEP_PAGES = 2000  # copied at once, after which others get the file


class WrongFolder(Exception):
    """The folder for the backup has files already, or is inside the data dir."""


def back_up(data_dir: Path, folder: Path, now: datetime) -> Iterator[tuple[str, str]]:
    """
    Copy the data dir into a new folder; yield the name of each copied file with the error that it had, or "".

    Raises WrongFolder if the folder is not empty, or inside the data dir.
    """
    if folder.resolve().is_relative_to(data_dir.resolve()):
        raise WrongFolder(
            f"{folder} is inside the data dir, and would be lost with it: name a folder elsewhere."
        )
    if folder.exists() and any(folder.iterdir()):
        raise WrongFolder(f"{folder} is not empty: name a new folder for each backup.")
    (folder / "projects").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    try:
        shutil.copy2(head.head_path(), folder)
    except FileNotFoundError:
        pass
    except OSError as error:  # a folder, or a link to itself
        yield head.head_path().name, str(error)
    if (data_dir / "secrets").exists():
        shutil.copytree(data_dir / "secrets", folder / "secrets")
    if connection.vendor == "sqlite":
        yield copied(Path(connection.settings_dict["NAME"]), folder / "control.sqlite3")
    for path in sorted((data_dir / "projects").glob("[!.]*.sqlite3")):
        yield copied(path, folder / "projects" / path.name)
    restores.write_note(folder, now)


def copied(source: Path, target: Path) -> tuple[str, str]:
    """Copy a database and sync the copy; its name, and the error or ""."""
    try:
        with (
            closing(
                sqlite3.connect(f"{source.absolute().as_uri()}?mode=rw", uri=True, timeout=30)
            ) as database,
            closing(sqlite3.connect(target)) as copy,
        ):
            database.backup(copy, pages=STEP_PAGES, sleep=0.01)
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        target.unlink(missing_ok=True)
        return target.name, str(error)
    return target.name, ""
