"""
`manage.py export_audit`: the whole audit log as JSONL, oldest first, to keep somewhere else.

An export that lies elsewhere shows what nothing on this machine can: `manage.py verify_audit <export>`.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from tenants.audit.chain import as_line
from tenants.models import AuditEntry


class Command(BaseCommand):
    """Writes to standard output."""

    help = "Write the audit log to standard output, one JSON object a line."

    def handle(self, *args: Any, **options: Any) -> None:
        for entry in AuditEntry.objects.order_by("sequence").iterator():
            self.stdout.write(as_line(entry).decode(), ending="")
