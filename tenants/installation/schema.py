"""Migrations that the control database has and this code does not know: a newer LoopKit wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

NEWER_REMEDY = "Start the newer LoopKit again, or restore a backup of before the upgrade."


class NewerSchema(Exception):
    """The control database is of a newer LoopKit; the text names the migrations that it has."""


@lru_cache(maxsize=1)
def known_migrations() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The apps of this code that have migrations, and their migrations, replaced ones included."""
    loader = MigrationLoader(None)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return frozenset(loader.migrated_apps), frozenset(loader.disk_migrations) | replaced


def unknown_migrations(applied: Iterable[tuple[str, str]]) -> list[str]:
    """The names of applied migrations that this code does not have, such as `tenants.0099_later`."""
    apps, known = known_migrations()
    return sorted(".".join(key) for key in applied if key[0] in apps and key not in known)


def check_schema(applied: Iterable[tuple[str, str]]) -> None:
    """Raise NewerSchema if a newer LoopKit applied one of these migrations."""
    if unknown := unknown_migrations(applied):
        raise NewerSchema(f"the control database is of a newer LoopKit: {', '.join(unknown)}. {NEWER_REMEDY}")


def applied_migrations() -> list[tuple[str, str]]:
    """The migrations that the control database has."""
    return list(MigrationRecorder(connection).applied_migrations())
