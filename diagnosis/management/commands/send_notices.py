"""
`manage.py send_notices`: send the mail that waits in the outbox, and delete notices that are too old.

For cron, if the server's own periodic jobs are off. Safe to run at any time: a mail is claimed before it is sent.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from diagnosis.display.quantities import counted
from diagnosis.models import Mail
from diagnosis.notices import notice_rows, outbox

NO_SERVER = (
    "No mail can be sent: LOOPKIT_EMAIL_URL is not set. Set it to the mail server, such as "
    "smtp+tls://user:password@mail.example.com:587."
)


class Command(BaseCommand):
    """Prints how many mails were sent; one that failed is logged and tried again later."""

    help = "Send due mail about loops. Needs LOOPKIT_EMAIL_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        sent, failed = outbox.send(now)
        notice_rows.forget_old_notices(now)
        if settings.LOOPKIT_EMAIL_URL:
            self.stdout.write(f"{counted(sent, 'mail')} sent; failed, to be tried again: {failed:,}.")
        else:
            self.stdout.write(
                f"{NO_SERVER} Due mails that wait: {Mail.objects.filter(due_at__lte=now).count()}."
            )
