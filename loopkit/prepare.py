"""
Preparation of an installation: data dir, control database, roles, template of project files, first admin.

Every step may run again, and concurrently in several processes: a file lock admits one at a time.
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
from django.utils import timezone

from diagnosis.loops import lifecycle
from loopkit import roles
from loopkit.http import store_fault
from telemetry.store.runs import kept_runs
from tenants.installation import facts, findings, schema, secret_marks
from tenants.models import Project
from tenants.stores import project_file, soundness
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)
ADMIN = "admin"
PASSWORD_BYTES = 15  # 20 characters


def prepare(data_dir: Path) -> str:
    """
    Do all steps that are still needed. Return the password of the admin user if one was created, otherwise "".

    Raises NewerSchema if the control database is of a newer LoopKit; then nothing is changed.
    """
    make_private(data_dir)
    with preparation_lock(data_dir):
        schema.check_schema(schema.applied_migrations())
        call_command("migrate", verbosity=0, interactive=False)
        record_stores(data_dir)
        secret_marks.remember_secrets(facts.known_facts())
        roles.make_roles()
        project_file.template_file()
        migrate_projects()
        judge_stored_runs()
        lifecycle.audit_earlier_endings(timezone.now())
        log_findings()
        return first_admin()


def record_stores(data_dir: Path) -> None:
    """Record for each project that its file was made. Earlier versions did so by a file `.<project>.made` beside it."""
    for project in Project.objects.filter(has_store=False):
        mark = data_dir / "projects" / f".{project.project_id}.made"
        if mark.exists() or project_file.path_of(project.project_id).exists():
            project_file.record_store(project)
        mark.unlink(missing_ok=True)


def log_findings() -> None:
    """Log what is not right about the installation."""
    for finding in findings.find_all(timezone.now()):
        logger.warning("%s", finding)


def migrate_projects() -> None:
    """
    Migrate all project files, and log failures.

    A project whose file failed gets 503 responses until the file is repaired; the other projects are served.
    """
    try:
        call_command("migrate_projects", verbosity=0)
    except CommandError as error:
        logger.error("migrate_projects: %s", error)


def judge_stored_runs() -> None:
    """
    Look at the runs of agents that an earlier version stored, in every project file that lists such, and log failures.

    One of a million traces takes minutes. If this is interrupted, the next call goes on, and packets say what is left.
    """
    for project in Project.objects.filter(has_store=True).order_by("project_id"):
        try:
            with bind(project):
                kept_runs.judge_pending()
        except (OSError, *soundness.FAULTS) as error:
            logger.error("runs of %s: %s", project.project_id, store_fault.with_remedy(error))


def make_private(data_dir: Path) -> None:
    """Create the data dir and its projects folder, both with mode 0700. Does nothing if the projects folder exists."""
    projects = data_dir / "projects"
    if not projects.exists():
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        data_dir.chmod(0o700)
        projects.mkdir(exist_ok=True, mode=0o700)


@contextmanager
def preparation_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock that lets one process at a time prepare this data dir, as Django's migrate has none of its own."""
    with (data_dir / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # closing the file unlocks it
        yield


def first_admin() -> str:
    """Create a superuser `admin` and return its password, or return "" if a superuser exists."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return ""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    users.create_superuser(username=ADMIN, email="", password=password)
    return password
