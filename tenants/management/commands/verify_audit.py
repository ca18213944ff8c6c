"""
`manage.py verify_audit [export]`: whether the audit log is what LoopKit wrote, and still what it was at an export.

docs/audit.md says what this can find and what it cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants.audit import chain
from tenants.audit import head as audit_head
from tenants.audit.head import Head
from tenants.models import AuditEntry

SHOWN = 20  # a wrong secret fits no entry at all


class Command(BaseCommand):
    """Says how many entries fit together; exits with 1 and what does not fit."""

    help = "Find edits, removals and insertions in the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("export", nargs="?", type=Path, help="what export_audit wrote at some time")

    def handle(self, *args: Any, export: Path | None, **options: Any) -> None:
        found = [*differences(export)] if export else []
        found += [*head_differences(), *chain.breaks(entries(), settings.LOOPKIT_AUDIT_SECRET)]
        if found:
            more = [f"And {len(found) - SHOWN} more."] * (len(found) > SHOWN)
            raise CommandError("\n".join(["The audit log is not what LoopKit wrote:", *found[:SHOWN], *more]))
        last = AuditEntry.objects.first()
        self.stdout.write(f"{last.sequence} entries, last {last.hash}" if last else "No entries.")


def entries() -> Iterator[AuditEntry]:
    """The log from its beginning."""
    return AuditEntry.objects.order_by("sequence").iterator()


def head_differences() -> Iterator[str]:
    """Whether the log still has the last entry that the data dir remembers."""
    where = audit_head.path()
    try:
        head = audit_head.known()
    except ValueError:
        yield f"{where} was changed: it should hold a number and a hash."
        return
    if head is None and AuditEntry.objects.exists():
        yield f"{where} is missing, so removed last entries cannot be seen. The next entry makes it again."
    if head and not head.is_in_the_log():
        yield f"Entry {head.sequence} is gone or was changed: {where} remembers it."


def differences(export: Path) -> Iterator[str]:
    """What does not fit in the export itself, and whether the log still goes on from its end."""
    try:
        exported = [chain.from_line(line) for line in export.read_bytes().splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{export} is not what export_audit writes: {error}") from error
    yield from (f"{export}: {found}" for found in chain.breaks(exported, settings.LOOPKIT_AUDIT_SECRET))
    if exported and not Head(exported[-1].sequence, exported[-1].hash).is_in_the_log():
        yield f"Entry {exported[-1].sequence} is gone or is not what it was when {export} was written."
