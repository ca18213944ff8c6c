"""
The SQLite file of a project: where it lies, how it comes to be, which schema version it has.

A new file is a copy of a migrated template (0.1 ms against 300 ms for `migrate`), linked under its final name
so that many threads and processes racing make one file. The schema version is the number of the newest
telemetry migration, kept in `PRAGMA user_version`: https://www.sqlite.org/pragma.html#pragma_user_version
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tenants.stores.sqlite_backend import BUSY_TIMEOUT_MS, ProjectDatabase

STORE_APP = "telemetry"
ALIAS_PREFIX = "project:"
MIGRATION_ALIAS = ALIAS_PREFIX + "migration"
CONNECTION = {
    "ENGINE": "django.db.backends.sqlite3",
    "TIME_ZONE": None,
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": False,
    "AUTOCOMMIT": True,
    "ATOMIC_REQUESTS": False,
    "USER": "",
    "PASSWORD": "",
    "HOST": "",
    "PORT": "",
    "TEST": {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None},
}
OPTIONS = {
    "transaction_mode": "IMMEDIATE",  # waits for the lock at the start, where `timeout` applies
    "timeout": BUSY_TIMEOUT_MS / 1000,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "  # FULL: acknowledged means synced
        "PRAGMA wal_autocheckpoint=10000; PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY"
    ),
}


FileIdentity = tuple[int, int]  # device and inode


class OutdatedFile(OperationalError):
    """The file's schema is not the one of this code."""


class MissingFile(OperationalError):
    """The project had a file, and it is not there."""


def alias_of(project_id: str) -> str:
    """The database alias of a project."""
    return ALIAS_PREFIX + project_id


def path_of(project_id: str) -> Path:
    """Where the project's records lie."""
    return settings.LOOPKIT_DATA_DIR / "projects" / f"{project_id}.sqlite3"


def identity(path: Path) -> FileIdentity | None:
    """Which file lies there now; None for none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connection_to(path: Path, alias: str, **options: Any) -> DatabaseWrapper:
    """A Django connection to that file, not yet opened. It may move between threads, one at a time."""
    connection = ProjectDatabase({**CONNECTION, "NAME": str(path), "OPTIONS": {**OPTIONS, **options}}, alias)
    connection.inc_thread_sharing()
    return connection


@lru_cache(maxsize=1)
def schema_version() -> int:
    """The number of the newest telemetry migration in this code."""
    leaves = MigrationLoader(None).graph.leaf_nodes(STORE_APP)
    return max(int(name.split("_")[0]) for _, name in leaves)


def ensure(project_id: str) -> Path:
    """The path of the project's file, which exists and may be written. OperationalError where that is not so."""
    path, mark = path_of(project_id), mark_of(project_id)
    was_made = mark.exists()  # asked before the file is: another thread may make first that and then the mark
    try:
        if path.exists():
            check_writable(path)
        elif was_made:
            raise MissingFile(
                f"{path.name} is gone: put it back, or delete {mark.name} to begin an empty one."
            )
        else:
            with published(path) as draft:
                shutil.copyfile(template(), draft)
    except OSError as error:
        raise OperationalError(f"{path.name} cannot be made or reached: {error}") from error
    with suppress(OSError):  # on a full disk; the file is there all the same
        mark.touch()
    return path


def mark_of(project_id: str) -> Path:
    """
    An empty file that says that the project had a file. While a person moves that one away and back, an empty store
    in its place would take spans, acknowledge them, and be overwritten.
    """
    return settings.LOOPKIT_DATA_DIR / "projects" / f".{project_id}.made"


def check_writable(path: Path) -> None:
    """Refuse a read-only file before SQLite opens it: what one connection found so stays so for the whole process."""
    if not os.access(path, os.W_OK):
        raise OperationalError(f"{path.name} is read-only: make it, and its disk, writable for this server.")


def template() -> Path:
    """An empty file at this code's schema version; made on first use."""
    path = Path(settings.LOOPKIT_DATA_DIR) / "projects" / f".template-{schema_version()}.sqlite3"
    if not path.exists():
        with published(path) as draft:
            migrate(draft)
    return path


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """A draft to fill. It gets its name whole and synced, unless another thread or process was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.draft")
    try:
        yield draft
        sync(draft)
        with suppress(FileExistsError):
            os.link(draft, path)  # fails if the name exists, so the first one stays
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Content on the disk. The name follows with the first commit: SQLite syncs the folder of a new WAL."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def migrate(path: Path) -> bool:
    """Bring one file to this code's schema; whether it was behind. OutdatedFile if a newer one wrote it."""
    connection = connection_to(path, MIGRATION_ALIAS)
    connections[MIGRATION_ALIAS] = connection  # the recorder of migrations looks its connection up by alias
    try:
        if version_of(connection) >= schema_version():
            check_version(connection)
            return False
        executor = MigrationExecutor(connection)
        executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == STORE_APP])
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA user_version={schema_version()}")
        return True
    finally:
        connection.close()
        del connections[MIGRATION_ALIAS]


def version_of(connection: DatabaseWrapper) -> int:
    """The schema version that stands in the file; 0 in one that was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        return int(cursor.fetchone()[0])


def check_version(connection: DatabaseWrapper) -> None:
    """Refuse a file of another schema, with the command that mends it."""
    version = version_of(connection)
    if version != schema_version():
        name = Path(str(connection.settings_dict["NAME"])).name
        remedy = (
            "run `manage.py migrate_projects`"
            if version < schema_version()
            else "start the newer LoopKit again"
        )
        raise OutdatedFile(f"{name} has schema {version}, this code needs {schema_version()}: {remedy}.")
