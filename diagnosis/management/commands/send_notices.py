"""
`manage.py send_notices`: mail what waits in the outbox, and forget notices that are too old.

For cron, where the server's own rounds are off. Safe at any time: a mail is claimed before it is sent.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from diagnosis.notices import notice_rows, outbox


class Command(BaseCommand):
    """Says how many mails went out; one that failed is logged and tried again later."""

    help = "Send due mail about loops. Needs LOOPKIT_EMAIL_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        sent, failed = outbox.send(now)
        notice_rows.forget(now)
        self.stdout.write(f"{sent} mails sent, {failed} failed and wait for another try.")
