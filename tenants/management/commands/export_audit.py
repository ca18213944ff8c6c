"""
`manage.py export_audit`: write the whole audit log as JSONL, oldest first, to keep on another machine.

`manage.py verify_audit <export>` compares the log with it, and so finds changes that nothing on this machine reveals.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tenants.audit.chain import as_line
from tenants.audit.stored_entries import stored_entries
from tenants.models import AuditEntry


class Command(BaseCommand):
    """Writes the audit log to standard output."""

    help = "Write the audit log to standard output, one JSON object a line."

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in stored_entries(AuditEntry.objects.all()):
            self.stdout.write(as_line(entry).decode(), ending="")
