"""
The SQLite file of a project: its path, its creation, its schema version. Whose it is: ownership.py.

A new file is a copy of a migrated template (0.1 ms against 300 ms for `migrate`), hard-linked to its final name so
that racing threads and processes create only one file. The schema version is the number of the newest telemetry
migration, stored in `PRAGMA user_version`: https://www.sqlite.org/pragma.html#pragma_user_version
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
from django.db.models import QuerySet

from tenants.models import Project
from tenants.stores import ownership
from tenants.stores.sqlite_backend import BUSY_TIMEOUT_MS, ProjectDatabase

STORE_APP = "telemetry"
ALIAS_PREFIX = "project:"
MIGRATION_ALIAS = ALIAS_PREFIX + "migration"
CONNECTION = {
    "ENGINE": "tenants.stores.sqlite_engine",
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
    # Waits for the write lock when a transaction begins; one that starts to write later can fail without waiting.
    "transaction_mode": "IMMEDIATE",
    "timeout": BUSY_TIMEOUT_MS / 1000,
    "init_command": (
        # FULL: what is acknowledged is synced to the disk.
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
        "PRAGMA wal_autocheckpoint=10000; PRAGMA temp_store=MEMORY; "
        # KiB, of each open file. The system caches files too, and another process that writes empties this cache.
        "PRAGMA cache_size=-2000"
    ),
}


FileIdentity = tuple[int, int]  # device and inode


class OutdatedFile(OperationalError):
    """The file has another schema version than this code."""


class NotAStore(OperationalError):
    """The file has no tables of a store."""


class MissingFile(OperationalError):
    """The project's file existed before and is missing now."""


def alias_of(project_id: str) -> str:
    """The database alias of a project."""
    return ALIAS_PREFIX + project_id


def path_of(project_id: str) -> Path:
    """The path of the project's file."""
    return settings.LOOPKIT_DATA_DIR / "projects" / f"{project_id}.sqlite3"


def file_identity(path: Path) -> FileIdentity | None:
    """The identity of the file at this path, or None if there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def connection_to(path: Path, alias: str, **options: Any) -> DatabaseWrapper:
    """An unopened Django connection to the file at this path. Threads may share it, one at a time."""
    connection = ProjectDatabase({**CONNECTION, "NAME": str(path), "OPTIONS": {**OPTIONS, **options}}, alias)
    connection.inc_thread_sharing()
    return connection


@lru_cache(maxsize=1)
def schema_version() -> int:
    """The number of the newest telemetry migration in this code."""
    leaves = MigrationLoader(None).graph.leaf_nodes(STORE_APP)
    return max(int(name.split("_")[0]) for _, name in leaves)


def ensure(project: Project) -> Path:
    """
    Return the path of the project's file, creating the file if the project never had one.

    That it had one is recorded in the control database. Otherwise a new empty store would be created while somebody
    moves the file away and back, or after a restore without it: it would acknowledge spans, and then be overwritten.

    Raises MissingFile if the file existed before, OperationalError if it cannot be created, reached or written.
    """
    path = path_of(project.project_id)
    # Read before the file is looked for: another thread may create it and then record that, in between.
    had_file = path.exists() or stored_project(project, has_store=True).exists()
    try:
        if path.exists():
            check_writable(path)
        elif had_file:
            raise MissingFile(
                f"{path.name} is gone: put it back, or run `manage.py forget_store {project.project_id}` to begin "
                "with an empty file."
            )
        else:
            with published(path) as draft:
                shutil.copyfile(template_file(), draft)
                ownership.claim_draft(draft, project.project_id)
    except OSError as error:
        raise OperationalError(f"{path.name} cannot be created or opened: {error}") from error
    record_store(project)
    return path


def stored_project(project: Project, has_store: bool) -> QuerySet[Project]:
    """The project's row, if its `has_store` is this."""
    return Project.objects.filter(pk=project.pk, has_store=has_store)


def record_store(project: Project) -> None:
    """Record that the project's file was created, before anything in it is acknowledged."""
    # An UPDATE would wait for the control database's lock even if it changes nothing.
    if not project.has_store and stored_project(project, has_store=False).exists():
        stored_project(project, has_store=False).update(has_store=True)
        project.has_store = True


def check_writable(path: Path) -> None:
    """
    Raise OperationalError for a read-only file, before SQLite opens it.

    Once SQLite has opened a file read-only, it stays read-only for every connection of the process.
    """
    if not os.access(path, os.W_OK):
        raise OperationalError(f"{path.name} is read-only: make it, and its disk, writable for this server.")


def template_file() -> Path:
    """The path of an empty file with this code's schema, created on first use."""
    path = Path(settings.LOOPKIT_DATA_DIR) / "projects" / f".template-{schema_version()}.sqlite3"
    if not path.exists():
        with published(path) as draft:
            migrate(draft, is_new=True)
    return path


@contextmanager
def published(path: Path) -> Iterator[Path]:
    """
    Yield the path of a draft to fill. It is then synced and linked to `path`, unless that exists by then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.draft")
    try:
        yield draft
        sync(draft)
        with suppress(FileExistsError):
            os.link(draft, path)  # fails if the name exists: the first file wins
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """
    Sync the file's content to the disk. Its directory entry is synced by the first commit: SQLite syncs the directory
    when it creates the WAL.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def migrate(path: Path, is_new: bool = False) -> bool:
    """
    Migrate a file to this code's schema, and make it that of the project in its name. Return whether it was behind.

    Raises OutdatedFile if newer code wrote it, WrongOwner if it is another project's, NotAStore if nobody wrote it,
    unless it is new.
    """
    connection = connection_to(path, MIGRATION_ALIAS)
    connections[MIGRATION_ALIAS] = connection  # Django's migrations look their connection up by alias
    try:
        if is_new:
            apply_migrations(connection)
            return True
        check_is_store(connection)
        is_behind = version_of(connection) < schema_version()
        if not is_behind:
            check_version(connection)
        was_nobodys = ownership.claim(connection)
        ownership.check_owner(connection)
        if is_behind:
            apply_migrations(connection)
        return is_behind or was_nobodys
    finally:
        connection.close()
        del connections[MIGRATION_ALIAS]


def apply_migrations(connection: DatabaseWrapper) -> None:
    """Apply the migrations that the file lacks, and store its version."""
    executor = MigrationExecutor(connection)
    executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == STORE_APP])
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA user_version={schema_version()}")


def version_of(connection: DatabaseWrapper) -> int:
    """The schema version stored in the file, 0 if it was never migrated."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        return int(cursor.fetchone()[0])


def check_is_store(connection: DatabaseWrapper) -> None:
    """Raise NotAStore, with the remedy, for an empty file, as a repair that failed leaves it."""
    if f"{STORE_APP}_record" not in connection.introspection.table_names():
        raise NotAStore(
            f"{name_of(connection)} is empty, or not a store: put a copy of the project's file in its place."
        )


def name_of(connection: DatabaseWrapper) -> str:
    """The name of the connection's file."""
    return Path(str(connection.settings_dict["NAME"])).name


def check_version(connection: DatabaseWrapper) -> None:
    """Raise OutdatedFile or NotAStore, with the remedy, if the file's schema version is not this code's."""
    version = version_of(connection)
    if version != schema_version():
        check_is_store(connection)
        name = name_of(connection)
        remedy = (
            "run `manage.py migrate_projects`"
            if version < schema_version()
            else "start the newer LoopKit again"
        )
        raise OutdatedFile(f"{name} has schema {version}, this code needs {schema_version()}: {remedy}.")
