"""
`manage.py verify_audit [export]`: check that the audit log is as LoopKit wrote it, and that it continues an export.

docs/audit.md says which changes this can find and which it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from tenants.audit import chain
from tenants.audit.head import AuditHead, head_path, known_head
from tenants.audit.stored_entries import StoredEntry, UnnumberedEntry, stored_entries
from tenants.installation import restores
from tenants.models import AuditEntry

# At most this many findings are printed: with a wrong secret, every entry is one.
SHOWN = 20


class Command(BaseCommand):
    """Prints the numbers of entries checked; exits with 1 and the findings if there are any."""

    help = "Find edits, removals and insertions in the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("export", nargs="?", type=Path, help="what export_audit wrote at some time")

    def handle(self, *args: Any, export: Path | None, **options: Any) -> None:
        exported = read_export(export) if export else []
        findings = [*export_differences(export, exported)] if export else []
        sequence, before = last_unverifiable()
        entries, secret = log_entries().filter(sequence__gt=sequence), settings.LOOPKIT_AUDIT_SECRET
        findings += [*head_differences(), *chain.breaks(stored_entries(entries), secret, sequence, before)]
        if findings:
            more = [f"And {len(findings) - SHOWN} more."] * (len(findings) > SHOWN)
            raise CommandError(
                "\n".join(["The audit log is not what LoopKit wrote:", *findings[:SHOWN], *more])
            )
        last = AuditEntry.objects.values_list("sequence", "hash").first()
        self.stdout.write(f"{last[0]} entries, last {last[1]}" if last else "No entries.")
        for sentence in acceptances(sequence):
            self.stdout.write(sentence)
        if export:
            self.stdout.write(f"{len(exported)} entries of {export} checked: the log continues them.")


def log_entries() -> QuerySet[AuditEntry]:
    """All entries, oldest first."""
    return AuditEntry.objects.order_by("sequence")


def last_unverifiable() -> tuple[int, str]:
    """
    The number and hash of the last entry that was written with a secret that is lost; (0, "") if none was.

    An entry that accepts the loss says so, itself written with the secret of now.
    """
    name = "LOOPKIT_AUDIT_SECRET"
    for entry in reversed(accepting_entries()):
        before = log_entries().filter(sequence=entry.sequence - 1).values_list("sequence", "hash").first()
        is_sealed = before and chain.is_sealed(entry, before[1], settings.LOOPKIT_AUDIT_SECRET)
        if before and is_sealed and name in entry.detail["secrets"]:  # sealed, so it is what LoopKit wrote
            return before
    return 0, ""


def accepting_entries() -> list[AuditEntry]:
    """The entries that accept a state of the data dir, oldest first, that can be read."""
    rows = stored_entries(log_entries().filter(event=AuditEntry.Event.ACCEPTED))
    return [row for row in rows if isinstance(row, AuditEntry)]


def acceptances(unverifiable: int) -> Iterator[str]:
    """Yield a sentence for the entries that cannot be verified, and one for each time that a state was accepted."""
    if note := restores.read_note():
        yield f"Restored from the backup of {note.taken_at:%d %b %Y %H:%M} UTC: later entries are gone."
    if unverifiable:
        yield f"Entries up to {unverifiable} cannot be verified: they were written with a secret that is lost."
    for entry in accepting_entries():
        number = str(entry.detail.get("lost_head", "")).partition(" ")[0]
        lost = f" Entries up to {number} of the log before are gone." if number else ""
        yield f"Entry {entry.sequence} accepted the data dir as it was found at {entry.at:%d %b %Y %H:%M} UTC.{lost}"


def head_differences() -> Iterator[str]:
    """Yield a sentence if the head file is changed or missing, or the log has lost the entry recorded in it."""
    path = head_path()
    try:
        head = known_head()
    except ValueError:
        yield f"{path} was changed: it should hold a number and a hash."
        return
    if head is None and AuditEntry.objects.exists():
        yield f"{path} is missing, so removal of the last entries cannot be detected. The next entry recreates it."
    if head and not head.is_in_the_log():
        yield (
            f"Entry {head.sequence} is gone or was changed: it is recorded in {path}. "
            "If a backup was restored, run manage.py check_data."
        )


def read_export(export: Path) -> list[StoredEntry]:
    """The entries of the export, at least one. Raises CommandError with the remedy if there are none."""
    try:
        entries = [chain.from_line(line) for line in export.read_bytes().splitlines()]
    except OSError as error:
        raise CommandError(
            f"{export} cannot be read: {error.strerror}. Give the path of a file that "
            "`manage.py export_audit > FILE` wrote."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{export} is not what export_audit writes: {error}") from error
    if not entries:
        raise CommandError(
            f"{export} has no entries, so nothing can be compared with it. Give an earlier export, or write "
            "one with `manage.py export_audit > FILE`."
        )
    return entries


def export_differences(export: Path, exported: list[StoredEntry]) -> Iterator[str]:
    """Yield a sentence for each gap or changed entry in the export, and one if the log has lost its last entry."""
    yield from (f"{export}: {finding}" for finding in chain.breaks(exported, settings.LOOPKIT_AUDIT_SECRET))
    numbered = [entry for entry in exported if not isinstance(entry, UnnumberedEntry)]
    if numbered and not AuditHead(numbered[-1].sequence, numbered[-1].hash).is_in_the_log():
        yield f"Entry {numbered[-1].sequence} is gone or is not what it was when {export} was written."
