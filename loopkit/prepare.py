"""
An installation made ready to serve: data dir, control database, roles, template of project files, first admin.

Every step may run again, and at the same time in another process: one file lock lets one through at a time.
"""

from __future__ import annotations

import fcntl
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from loopkit import roles
from tenants.stores import project_file

logger = logging.getLogger(__name__)
ADMIN = "admin"
PASSWORD_BYTES = 15  # 20 characters


def prepare(data_dir: Path) -> str:
    """Do what is missing. The password of the admin user if this call made one, else ""."""
    make_private(data_dir)
    with alone(data_dir):
        call_command("migrate", verbosity=0, interactive=False)
        roles.make()
        project_file.template()
        migrate_projects()
        return first_admin()


def migrate_projects() -> None:
    """A project whose file is broken answers 503 until it is mended; it keeps no other from being served."""
    try:
        call_command("migrate_projects", verbosity=0)
    except CommandError as failures:
        logger.error("migrate_projects: %s", failures)


def make_private(data_dir: Path) -> None:
    """The data dir, closed to other users when it is new; later its mode is the operator's choice."""
    projects = data_dir / "projects"
    if not projects.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        data_dir.chmod(0o700)
        projects.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Only one process at a time prepares this data dir; others wait. Django's migrate has no lock."""
    with (data_dir / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file unlocks it
        yield


def first_admin() -> str:
    """The password of a fresh superuser `admin`, or "" where a superuser exists."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.create_superuser(username=ADMIN, email="", password=password)
    return password
