"""
What people are told of loops: each change of state once, in the transaction of the change itself.

LoopKit writes nowhere else. Feeds (feed_views.py) and the inbox (inbox.py) are read; only mail (outbox.py) is
sent, later and by somebody else, so that no mail server holds up a diagnosis or a decision. docs/notices.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.defaultfilters import pluralize

from diagnosis.models import Loop, LoopEvent, Notice
from diagnosis.notices import outbox

NoticeKind = Notice.Kind
QUIET = timedelta(hours=24)  # a loop is called rising once in that time, however its trend goes up and down
KEPT = timedelta(days=90)
SILENT = "no_traffic"  # a verdict that changes no state
VERDICTS = {
    "held": "The fix held.",
    "improved": "The fix helped, and the failure goes on.",
    "unchanged": "The fix changed nothing.",
    "inconclusive": "Whether the fix held cannot be said yet.",
}


def tell(events: Iterable[LoopEvent]) -> None:
    """Write down what these events are to people; nothing for those that change no state, or were told before."""
    told = [notice for event in events if event.kind in TOLD and (notice := TOLD[event.kind](event))]
    write(told)


def tell_rising(rising: list[Loop], now: datetime) -> None:
    """These loops wait and begin to rise; one that was called so in the last day is not named again."""
    if not rising:
        return
    lately = Notice.objects.filter(loop__in=rising, kind=NoticeKind.RISING, created_at__gt=now - QUIET)
    said = set(lately.values_list("loop_id", flat=True))
    text = "It rises while it waits for a decision: {} failures in the newest window."
    write(
        [
            notice(loop, NoticeKind.RISING, now.isoformat(), text.format(loop.failures), now)
            for loop in rising
            if loop.pk not in said
        ]
    )


def begins_to_rise(loop: Loop, shown: dict[str, Any]) -> bool:
    """Whether the newest packet calls the issue rising and the one before did not."""
    return bool(shown["trend"] == "rising" and loop.issue.get("trend") != "rising")


def write(told: list[Notice]) -> None:
    """Store them, and put them into the outbox of whoever wants mail."""
    if not told:
        return
    Notice.objects.bulk_create(told, ignore_conflicts=True)
    if settings.LOOPKIT_EMAIL_URL:
        ids = [one.notice_id for one in told]
        outbox.add(list(Notice.objects.filter(notice_id__in=ids).select_related("project")))


def notice(loop: Loop, kind: NoticeKind, once: str, text: str, now: datetime) -> Notice:
    """A notice of the loop as it is now."""
    return Notice(
        project_id=loop.project_id,
        loop=loop,
        kind=kind,
        once=f"{kind}:{once}",
        title=loop.title,
        severity=loop.get_severity_display(),
        state=loop.state,
        text=text,
        created_at=now,
    )


def new(event: LoopEvent) -> Notice:
    """A cluster that had no loop."""
    loop = event.loop
    text = f"A new kind of failure waits for a decision: {loop.failures} failure{pluralize(loop.failures)}."
    return notice(loop, NoticeKind.NEW, "", text, event.created_at)


def decided(event: LoopEvent) -> Notice:
    """What a human chose; the reason stays in the admin."""
    verb = event.detail.get("verb", "decide")
    half = f", approval {event.detail['approvals']}" if "approvals" in event.detail else ""
    text = f"{event.actor} chose “{verb}”{half}. The loop is {event.loop.state} now."
    return notice(event.loop, NoticeKind.DECIDED, str(event.pk), text, event.created_at)


def verified(event: LoopEvent) -> Notice | None:
    """A verdict that this fix did not have before."""
    loop, verdict = event.loop, str(event.detail.get("verdict", ""))
    if verdict == SILENT:
        return None
    shipped = loop.shipped_at.isoformat() if loop.shipped_at else ""
    text = VERDICTS.get(verdict, f"The verdict on the fix is {verdict}.")
    return notice(loop, NoticeKind.VERIFIED, f"{verdict}:{shipped}", text, event.created_at)


def regressed(event: LoopEvent) -> Notice:
    """A failure that is back."""
    text = "The failure is back after its fix, and waits for a decision again."
    return notice(event.loop, NoticeKind.REGRESSED, str(event.pk), text, event.created_at)


def grown(event: LoopEvent) -> Notice:
    """A rejection that allowed so much and no more."""
    text = "It grew past what its rejection allowed, and waits for a decision again."
    return notice(event.loop, NoticeKind.RISING, str(event.pk), text, event.created_at)


def outdated(event: LoopEvent) -> Notice:
    """An approval whose content is no longer what was approved."""
    text = f"The approval no longer holds. The loop is {event.loop.state} now."
    return notice(event.loop, NoticeKind.DECIDED, str(event.pk), text, event.created_at)


TOLD: dict[str, Callable[[LoopEvent], Notice | None]] = {
    LoopEvent.Kind.PROPOSED: new,
    LoopEvent.Kind.DECIDED: decided,
    LoopEvent.Kind.VERIFIED: verified,
    LoopEvent.Kind.REGRESSED: regressed,
    LoopEvent.Kind.GREW: grown,
    LoopEvent.Kind.OUTDATED: outdated,
}


def forget(now: datetime) -> int:
    """Delete what is older than KEPT, with its marks and mails; how many notices that were."""
    old = Notice.objects.filter(created_at__lt=now - KEPT)
    count: int = old.delete()[1].get("diagnosis.Notice", 0)
    return count
