"""
What is not right about the installation as a whole, with the remedy: at the start, in readiness, and in
`manage.py check_data`.

docs/operations.md says what to do about each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from tenants.audit import head, numbers
from tenants.installation import clock, facts, restores, secret_marks
from tenants.limits import rate_limits
from tenants.models import Project
from tenants.stores import ownership, soundness
from tenants.stores.binding import explained

MOST_NAMED = 20  # rows of one finding
FRESH_SECONDS = 30.0  # for which readiness repeats what was found


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not right: what is known to everybody, what only an operator may read, and the remedy."""

    name: str
    message: str
    remedy: str
    details: tuple[str, ...] = ()
    is_certain: bool = True  # False: a client can cause it, so that it is a notice and no failure

    def __str__(self) -> str:
        names = f" ({', '.join(self.details)})" if self.details else ""
        return f"{self.name}: {self.message}{names} {self.remedy}"


Facts = dict[str, str]


def find_all(now: datetime) -> list[Finding]:
    """Everything that is not right now."""
    try:
        known = facts.known_facts()
        return [finding for look in LOOKS for finding in look(known, now)]
    except soundness.FAULTS as error:
        if isinstance(cause := explained(error), soundness.Damage):
            return [damage(cause)]
        raise


def damage(cause: soundness.Damage) -> Finding:
    """The finding of a damaged control database, which hides all others."""
    return Finding("damaged", "The control database holds wrong values.", cause.args[0])


def restored_whole(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find a data dir that is a backup."""
    if note := restores.read_note():
        yield Finding(
            "restored",
            f"This data dir was restored from the backup of {note.taken_at:%d %b %Y %H:%M} UTC. What was changed since "
            "is undone: keys revoked since then work again, and decisions, quotas and users are as they were.",
            "Revoke such keys again, then run `manage.py check_data --accept`.",
        )


def restored_control(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find a control database that is older than the head of the audit log."""
    remedy = (
        "If it was restored from an older backup: keys revoked since work again, so revoke them once more, then run "
        "`manage.py check_data --accept`. If not, see docs/audit.md."
    )
    try:
        last = head.known_head()
    except ValueError as error:
        yield Finding(
            "audit_head",
            f"{head.head_path().name} does not hold a number and a hash, so that approvals open no handoff.",
            "Put the file back from a backup, or find out who changed it, then run `manage.py check_data --accept`.",
            (str(error),),
        )
        return
    if last and not last.is_in_the_log():
        yield Finding(
            "control_database",
            f"The audit log ends with entry {numbers.newest_number()} and lacks entry {last.sequence}, which was "
            "written.",
            remedy,
        )


def entries_without_number(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find rows of the audit log whose number LoopKit did not give."""
    if rows := numbers.rows_without_number():
        yield Finding(
            "audit_numbers",
            f"Of the audit log's rows, {len(rows)} without the number of an entry. Where such a row sorts last, "
            "nothing can be recorded: decisions, sign-ins and new projects are answered with 503.",
            numbers.REMEDY,
            tuple(f"row {row}" for row in rows[:MOST_NAMED]),
        )


def store_differences(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find project files without a project, and projects whose file is missing."""
    folder = Path(settings.LOOPKIT_DATA_DIR, "projects")
    files = {path.name.removesuffix(".sqlite3") for path in folder.glob("[!.]*.sqlite3")}
    projects = dict(Project.objects.values_list("project_id", "has_store"))
    if orphans := sorted(files - projects.keys()):
        yield Finding(
            "project_files",
            f"Of the project files, {len(orphans)} without a project.",
            "Restore a control database that is as new as the files, or move these files away.",
            tuple(orphans),
        )
    if missing := sorted(name for name, has_store in projects.items() if has_store and name not in files):
        yield Finding(
            "missing_files",
            f"Of the projects, {len(missing)} without a file, answered with 503.",
            "Put the files back, or run `manage.py forget_store PROJECT` to begin with an empty one.",
            tuple(missing),
        )


def foreign_files(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find project files that are another project's, by the headers of all of them."""
    folder = Path(settings.LOOPKIT_DATA_DIR, "projects")
    owners = {
        ownership.number_of(name): name for name in Project.objects.values_list("project_id", flat=True)
    }
    stored = {name: ownership.owner_in_header(folder / f"{name}.sqlite3") for name in sorted(owners.values())}
    if foreign := [
        f"{name} has the file of {owners.get(owner, 'no project here')}"
        for name, owner in stored.items()
        if owner not in (ownership.NOBODYS, ownership.number_of(name))
    ]:
        yield Finding(
            "foreign_files",
            f"Of the projects, {len(foreign)} with the file of another project, answered with 503.",
            "Put each project's own file in its place.",
            tuple(foreign),
        )


def lost_secrets(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find secrets that are others than before."""
    for name in secret_marks.changed_secrets(known):
        yield Finding(
            "secrets",
            f"{name} is another one than before: {secret_marks.LOSSES[name]}.",
            "Put the old secret back, or run `manage.py check_data --accept`.",
        )


def wrong_clock(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find a clock that is wrong or was."""
    for sentence in clock.clock_differences(known, now):
        yield Finding(
            "clock",
            sentence,
            "Set the clock by a time server. Times stored meanwhile stay as they are: keys and sandboxes may expire "
            "early or late, and windows may lack records. Then run `manage.py check_data --accept`.",
        )


def unread_proxy(known: Facts, now: datetime) -> Iterator[Finding]:
    """Find a proxy that is in front and not trusted."""
    if cache.get(rate_limits.UNREAD_PROXY):
        yield Finding(
            "proxy",
            "Requests carry X-Forwarded-For, but LOOPKIT_TRUSTED_PROXIES is 0: a proxy seems to be in front, and all "
            "its clients count as one network, so that a few wrong passwords refuse everybody who is new here.",
            "Set LOOPKIT_TRUSTED_PROXIES to the number of proxies, if there are any: a client on a private network can "
            "send the header, too.",
            is_certain=False,
        )


LOOKS: list[Callable[[Facts, datetime], Iterator[Finding]]] = [
    restored_whole,
    restored_control,
    entries_without_number,
    store_differences,
    foreign_files,
    lost_secrets,
    wrong_clock,
    unread_proxy,
]
recent: list[tuple[float, list[Finding]]] = []  # the last time they were looked for, and what was found


def recent_findings() -> list[Finding]:
    """What was found FRESH_SECONDS ago at most, because readiness is asked often."""
    if not recent or time.monotonic() - recent[-1][0] > FRESH_SECONDS:
        recent[:] = [(time.monotonic(), find_all(timezone.now()))]
    return recent[-1][1]
