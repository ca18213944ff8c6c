"""The text of notices in feeds and mail. What strangers chose, the title and the project, is quoted in it."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.urls import reverse

from diagnosis.display import escaping
from diagnosis.display.quantities import to_the_minute
from diagnosis.models import Notice
from loopkit.http.untrusted import WARNING

LONGEST_TITLE = 120
MOST_LINES = 50  # notices in a mail; the inbox has the rest
END = "You get this because you chose so in the admin, under Inbox, Mail."


def notice_title(notice: Notice) -> str:
    """`regressed: “tool lookup_order: OrderNotFound”`"""
    return f"{notice.kind}: {escaping.quote(notice.title, LONGEST_TITLE)}"


def notice_sentence(notice: Notice) -> str:
    """The event in a sentence, with severity and loop; the project is a quote after it."""
    text = escaping.plain_line(notice.text)
    loop = f"Severity {notice.severity}, loop {notice.loop_id}."
    return f"{text} {loop} Project: {escaping.quote(notice.project_id)}."


def loop_admin_path(notice: Notice) -> str:
    """The path of the loop's page in the admin."""
    return reverse("admin:diagnosis_loop_change", args=[notice.loop_id])


def subject(notices: list[Notice]) -> str:
    """`LoopKit: 2 new, 1 regressed`; it contains nothing from telemetry."""
    counts = Counter(notice.kind for notice in notices)
    numbers = ", ".join(f"{counts[kind]} {kind}" for kind in Notice.Kind if counts[kind])
    return f"LoopKit: {numbers}"


def mail_body(notices: list[Notice]) -> str:
    """The plain text of a mail; its only links lead to LoopKit, and start with its public URL where that is set."""
    listed = notices[:MOST_LINES]
    omitted = len(notices) - len(listed)
    more = [f"And {omitted} more: see the inbox.", ""] if omitted else []
    return "\n".join(
        [WARNING, "", *(line for notice in listed for line in mail_entry(notice)), *more, END, ""]
    )


def mail_entry(notice: Notice) -> list[str]:
    """The lines of one notice in a mail."""
    url = f"{settings.LOOPKIT_PUBLIC_URL}{loop_admin_path(notice)}"
    text = f"{notice_sentence(notice)} {to_the_minute(notice.created_at)}."
    return [notice_title(notice), f"  {text}", f"  {url}", ""]
