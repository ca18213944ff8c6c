"""
The notices about loops: one for each change of state, written in the transaction of the change.

People read them in feeds (feed_views.py) and in the inbox (inbox.py). Only mail (outbox.py) is sent, later and outside
that transaction, so that no mail server delays a diagnosis or a decision. LoopKit writes into no other system.
docs/notices.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from diagnosis.display.quantities import counted
from diagnosis.models import Loop, LoopEvent, Notice
from diagnosis.notices import outbox

NoticeKind = Notice.Kind
QUIET = timedelta(hours=24)  # between two notices that a loop rises, however often its trend changes
RETENTION = timedelta(days=90)  # how long notices are stored
SILENT = "no_traffic"  # a verdict that changes no state
CAME_WITH_IT = " Other failures came with the fix: {}."
VERDICTS = {
    "held": "The fix held.",
    "improved": "The fix helped, and the failure goes on.",
    "unchanged": "The fix changed nothing.",
    "inconclusive": "Whether the fix held cannot be said yet.",
}


def write_notices(events: Iterable[LoopEvent]) -> None:
    """Write the notices of these events; none for an event that changes no state or has its notice already."""
    notices = [
        notice
        for event in events
        if event.kind in NOTICE_OF_EVENT and (notice := NOTICE_OF_EVENT[event.kind](event))
    ]
    store_notices(notices)


def tell_rising(rising: list[Loop], now: datetime) -> None:
    """Write that these waiting loops begin to rise; none for a loop with such a notice in the last 24 hours."""
    if not rising:
        return
    lately = Notice.objects.filter(loop__in=rising, kind=NoticeKind.RISING, created_at__gt=now - QUIET)
    noticed_loop_ids = set(lately.values_list("loop_id", flat=True))
    text = "It rises while it waits for a decision: {} in the newest window."
    store_notices(
        [
            notice(
                loop, NoticeKind.RISING, now.isoformat(), text.format(counted(loop.failures, "failure")), now
            )
            for loop in rising
            if loop.pk not in noticed_loop_ids
        ]
    )


def begins_to_rise(loop: Loop, shown: dict[str, Any]) -> bool:
    """Whether the newest packet calls the issue rising and the one before did not."""
    return bool(shown["trend"] == "rising" and loop.issue.get("trend") != "rising")


def store_notices(notices: list[Notice]) -> None:
    """Store the notices, and put them into the outbox of each member who wants mail."""
    if not notices:
        return
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if settings.LOOPKIT_EMAIL_URL:
        ids = [row.notice_id for row in notices]
        outbox.add_to_outbox(list(Notice.objects.filter(notice_id__in=ids).select_related("project")))


def notice(loop: Loop, kind: NoticeKind, once: str, text: str, now: datetime) -> Notice:
    """A notice about the loop in its present state; of two with the same `kind` and `once`, only one is stored."""
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
    """The notice of a loop for a cluster that had none."""
    loop = event.loop
    text = f"A new kind of failure waits for a decision: {counted(loop.failures, 'failure')}."
    return notice(loop, NoticeKind.NEW, "", text, event.created_at)


def decision_notice(event: LoopEvent) -> Notice:
    """The notice of a human's decision, without the reason, which only the admin shows."""
    verb = event.detail.get("verb", "decide")
    approvals = f", approval {event.detail['approvals']}" if "approvals" in event.detail else ""
    text = f"{event.actor} chose “{verb}”{approvals}. The loop is {event.loop.state} now."
    return notice(event.loop, NoticeKind.DECIDED, str(event.pk), text, event.created_at)


def verdict_notice(event: LoopEvent) -> Notice | None:
    """
    The notice of a verdict, which is stored once for each fix, and once more where other failures are linked to it;
    None for a verdict that changes no state.
    """
    loop, verdict = event.loop, str(event.detail.get("verdict", ""))
    if verdict == SILENT:
        return None
    shipped = loop.shipped_at.isoformat() if loop.shipped_at else ""
    text = VERDICTS.get(verdict, f"The verdict on the fix is {verdict}.") + came_with_it(event)
    once = f"{verdict}:{shipped}" + (":side effects" if event.detail.get("side_effects") else "")
    return notice(loop, NoticeKind.VERIFIED, once, text, event.created_at)


def came_with_it(event: LoopEvent) -> str:
    """The sentence with the ids of the clusters that are linked to the fix, or ""."""
    linked = event.detail.get("side_effects") or []
    return CAME_WITH_IT.format(", ".join(linked)) if linked else ""


def regressed(event: LoopEvent) -> Notice:
    """The notice of a failure that is back after its fix."""
    text = "The failure is back after its fix, and waits for a decision again." + came_with_it(event)
    return notice(event.loop, NoticeKind.REGRESSED, str(event.pk), text, event.created_at)


def growth_notice(event: LoopEvent) -> Notice:
    """The notice of a rejected failure that grew past what the rejection allowed."""
    text = "It grew past what its rejection allowed, and waits for a decision again."
    return notice(event.loop, NoticeKind.RISING, str(event.pk), text, event.created_at)


def outdated_notice(event: LoopEvent) -> Notice:
    """The notice of an approval that ended because its content changed."""
    text = f"The approval no longer holds. The loop is {event.loop.state} now."
    return notice(event.loop, NoticeKind.ASKED, str(event.pk), text, event.created_at)


def question_notice(event: LoopEvent) -> Notice:
    """The notice of a question of the agent after a fix."""
    text = "The coding agent asks what to do after a fix. It waits for a decision again."
    return notice(event.loop, NoticeKind.ASKED, str(event.pk), text, event.created_at)


NOTICE_OF_EVENT: dict[str, Callable[[LoopEvent], Notice | None]] = {
    LoopEvent.Kind.PROPOSED: new,
    LoopEvent.Kind.DECIDED: decision_notice,
    LoopEvent.Kind.VERIFIED: verdict_notice,
    LoopEvent.Kind.REGRESSED: regressed,
    LoopEvent.Kind.GREW: growth_notice,
    LoopEvent.Kind.OUTDATED: outdated_notice,
    LoopEvent.Kind.ASKED_AGAIN: question_notice,
}


def forget_old_notices(now: datetime) -> int:
    """Delete notices older than RETENTION, with their read marks and mails; return the number of notices."""
    old = Notice.objects.filter(created_at__lt=now - RETENTION)
    count: int = old.delete()[1].get("diagnosis.Notice", 0)
    return count
