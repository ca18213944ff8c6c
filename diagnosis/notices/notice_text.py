"""Notices in words: for feeds, for mail. Little of telemetry goes out: a title, made harmless and cut."""

from __future__ import annotations

from collections import Counter

from django.conf import settings
from django.urls import reverse

from diagnosis.display import escaping
from diagnosis.display.quantities import to_the_minute
from diagnosis.models import Notice

LONGEST_TITLE = 120
MOST_LINES = 50  # of a mail; the inbox has the rest
END = "You get this because you chose so in the admin, under Inbox, Mail."


def title(notice: Notice) -> str:
    """`regressed: tool lookup_order: OrderNotFound`"""
    return f"{notice.kind}: {escaping.plain(notice.title, LONGEST_TITLE)}"


def sentence(notice: Notice) -> str:
    """What happened, where."""
    said = escaping.plain(notice.text)
    return f"{said} Severity {notice.severity}, project {notice.project_id}, loop {notice.loop_id}."


def path(notice: Notice) -> str:
    """The loop's page in the admin."""
    return reverse("admin:diagnosis_loop_change", args=[notice.loop_id])


def subject(notices: list[Notice]) -> str:
    """`LoopKit: 2 new, 1 regressed`: words of ours alone."""
    counts = Counter(notice.kind for notice in notices)
    said = ", ".join(f"{counts[kind]} {kind}" for kind in Notice.Kind if counts[kind])
    return f"LoopKit: {said}"


def body(notices: list[Notice]) -> str:
    """A mail's text: plain, with links to LoopKit alone, where its URL is known."""
    shown = notices[:MOST_LINES]
    left = len(notices) - len(shown)
    more = [f"And {left} more: see the inbox.", ""] if left else []
    return "\n".join([*(line for notice in shown for line in entry(notice)), *more, END, ""])


def entry(notice: Notice) -> list[str]:
    """One notice in a mail."""
    where = f"{settings.LOOPKIT_PUBLIC_URL}{path(notice)}"
    said = f"{sentence(notice)} {to_the_minute(notice.created_at)} UTC."
    return [title(notice), f"  {said}", f"  {where}", ""]
