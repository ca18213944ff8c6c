"""
The note that a backup carries, by which a restored data dir is recognised, and the acceptance of a restore.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from tenants.audit import audit_log, head, numbers
from tenants.audit.state_files import put_away, read_state
from tenants.installation import facts, secret_marks
from tenants.models import AuditEntry

NOTE = "backup.json"


@dataclass(frozen=True, slots=True)
class BackupNote:
    """When the backup was begun."""

    taken_at: datetime


def note_path() -> Path:
    """The path of the note in a restored data dir."""
    return Path(settings.LOOPKIT_DATA_DIR, NOTE)


def write_note(folder: Path, taken_at: datetime) -> None:
    """Write the note of a backup into its folder."""
    (folder / NOTE).write_text(json.dumps({"taken_at": taken_at.isoformat()}) + "\n")


def read_note() -> BackupNote | None:
    """The note of the backup that this data dir was restored from, or None; what is no note counts by its own age."""
    try:
        if (content := read_state(note_path())) is None:
            return None
        return BackupNote(datetime.fromisoformat(json.loads(content)["taken_at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return BackupNote(datetime.fromtimestamp(note_path().lstat().st_mtime).astimezone())


def accept_state(sentences: list[str], now: datetime) -> None:
    """
    Take the installation as it is for right from now on, with an entry in the audit log that says what was found.

    The head of the audit log begins anew with that entry, so that a log which lost entries verifies again. Rows of the
    log without a number get one, so that it can be continued.
    """
    numbers.number_again()
    lost, secrets = head.remove_lost_head(), secret_marks.changed_secrets(facts.known_facts())
    with transaction.atomic():
        for name in (
            facts.HEARTBEAT,
            facts.CLOCK_JUMP,
            *(facts.CHECK_VALUE + name for name in secret_marks.LOSSES),
        ):
            facts.forget(name)
        secret_marks.remember_secrets({})
        audit_log.append_entry(
            AuditEntry.Event.ACCEPTED,
            "data dir",
            audit_log.SHELL,
            now,
            findings=sentences,
            lost_head=lost,
            secrets=secrets,
        )
    put_away(note_path())
    secret_marks.forget_marks()
