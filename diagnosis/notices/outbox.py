"""
Mail to members of a tenant who want it: an outbox in the control database, sent later, with retries.

One mail per person and run holds all notices that are due: a packet with 100 new loops is one mail. A mail is claimed
before it is sent, so that two senders do not send it twice; if a sender dies, another sends it after CLAIM.
https://docs.djangoproject.com/en/5.2/topics/email/#preventing-header-injection
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, time, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.core.mail.message import BadHeaderError
from django.db.models import F, QuerySet

from diagnosis.display.quantities import to_the_minute
from diagnosis.models import Mail, MailChoice, Notice
from diagnosis.notices import notice_text

logger = logging.getLogger(__name__)
DIGEST_AT = time(7, 0)  # UTC
CLAIM = timedelta(minutes=10)  # for which other senders leave a claimed mail alone
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=6)
MOST_ATTEMPTS = 20  # the last one after three days
# A user with any of these permissions may see loops.
SEEING = ("diagnosis.view_loop", "diagnosis.change_loop", "diagnosis.decide_loop")
FAULTS = (SMTPException, OSError, BadHeaderError)


def add_to_outbox(notices: list[Notice]) -> None:
    """Put notices of one project into the outbox of each member who wants mail of its tenant."""
    choices = mail_choices().filter(tenant=notices[0].project.tenant_id) if notices else ()
    for choice in choices:
        Mail.objects.bulk_create(
            [
                Mail(notice=notice, user_id=choice.user_id, due_at=due_time(choice, notice.created_at))
                for notice in notices
            ],
            ignore_conflicts=True,
        )


def mail_choices() -> QuerySet[MailChoice]:
    """The choices of people who want mail, are members now, may sign in to the admin, and have an address."""
    choices = MailChoice.objects.exclude(mode=MailChoice.Mode.OFF).exclude(user__email="")
    return choices.filter(user__tenants=F("tenant"), user__is_active=True, user__is_staff=True)


def due_time(choice: MailChoice, at: datetime) -> datetime:
    """The time when a notice that came at `at` is due: at once, or at the next digest."""
    if choice.mode == MailChoice.Mode.EACH:
        return at
    today = datetime.combine(at.date(), DIGEST_AT, at.tzinfo)
    return today if at <= today else today + timedelta(days=1)


def send(now: datetime, go_on: Callable[[], bool] = lambda: True) -> tuple[int, int]:
    """Send the mails that are due while `go_on()` is true; return how many were sent and how many failed."""
    if not settings.LOOPKIT_EMAIL_URL:
        return 0, 0  # waiting mail stays in the outbox
    sent = failed = 0
    people = Mail.objects.filter(due_at__lte=now).values_list("user", flat=True).distinct().order_by("user")
    for user_id in list(people):
        if not go_on():
            break
        success = send_to(user_id, now)
        sent, failed = sent + (success is True), failed + (success is False)
    return sent, failed


def send_to(user_id: int, now: datetime) -> bool | None:
    """Send one mail with all notices that are due for this person; False if it failed, None if there are none."""
    claim = uuid.uuid4().hex
    due_mails = Mail.objects.filter(user=user_id, due_at__lte=now)
    due_mails.update(claim=claim, due_at=now + CLAIM, attempts=F("attempts") + 1)
    claimed = Mail.objects.filter(claim=claim, due_at__isnull=False)
    rows = list(claimed.select_related("notice__project__tenant", "notice__loop", "user"))
    tenants = still_seen(rows[0].user) if rows else set()
    allowed = [row for row in rows if row.notice.project.tenant_id in tenants]
    if not allowed:
        claimed.update(due_at=None)
        return None
    try:
        mail_message(allowed[0].user, [row.notice for row in allowed]).send()
    except FAULTS as error:
        postpone(claimed, allowed, error, now)
        return False
    claimed.update(due_at=None)
    Mail.objects.filter(pk__in=[row.pk for row in allowed]).update(sent_at=now)
    return True


def still_seen(user: User) -> set[str]:
    """The tenants whose notices the person wants and may see now, which can have changed since they were written."""
    if not any(user.has_perm(permission) for permission in SEEING):
        return set()
    return set(mail_choices().filter(user=user).values_list("tenant_id", flat=True))


def mail_message(user: User, notices: list[Notice]) -> EmailMessage:
    """The mail: counts in the subject, some lines for each notice, nothing from telemetry in a header."""
    return EmailMessage(
        subject=notice_text.subject(notices),
        body=notice_text.mail_body(notices),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def postpone(claimed: QuerySet[Mail], rows: list[Mail], error: Exception, now: datetime) -> None:
    """Schedule the next attempt, each time after twice as long; give up after MOST_ATTEMPTS."""
    attempts = max(row.attempts for row in rows)
    delay = min(FIRST_RETRY * 2 ** min(attempts - 1, 16), LONGEST_RETRY)
    given_up = attempts >= MOST_ATTEMPTS
    claimed.update(due_at=None if given_up else now + delay)
    outcome = "given up" if given_up else f"tried again after {to_the_minute(now + delay)}"
    reason = type(error).__name__  # a server's own message may repeat addresses or credentials
    logger.warning("mail to user %s failed (%s), attempt %s: %s", rows[0].user_id, reason, attempts, outcome)
