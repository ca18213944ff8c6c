"""
Which reports an agent's report follows: the same one that was sent before, those it needs, and how many there may be.

A fix is worked on from the decision, or from the fix that shipped before it, until it ships.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from diagnosis.loops.fixes import CORRECTIONS
from diagnosis.loops.states import Kind, Trigger, states_before
from diagnosis.models import Loop, LoopEvent
from telemetry.windows import rfc3339
from tenants.redactor import without_secrets

MOST_OF_A_KIND = 20  # since the last decision
MOST_FIXES = 5  # of one approval; then a human decides again
MOST_CORRECTIONS = 5  # of one fix by keys: with each of them its verification begins anew
WORDS = ("url", "release", "note")  # what a report says, beside a time


class TooManyReports(Exception):
    """The loop has as many reports of this kind as it may; `remedy` is what to do, if not the loop's next action."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class OutOfOrder(Exception):
    """The report says that something happened which needs another report first; `remedy` is what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


NO_PULL_REQUEST = "merged comes after pr_opened, and no pull request was reported for this fix."
PULL_REQUEST_FIRST = (
    "Report pr_opened with its url, then merged. If there was no pull request, leave merged out: report shipped once "
    "the fix runs."
)
ASK_FIRST = (
    "Report asked_again with a note: a human decides again, and after an approval as many fixes may ship."
)
NO_VERDICT = (
    "asked_again is about a fix that did not hold, or that no traffic decides; this one has no verdict yet, and more "
    "traffic decides about it."
)
VERIFY_FIRST = (
    "Let traffic run, POST /v1/runs/verify, and ask once the verdict is not held. If its time or release was reported "
    "wrongly, report shipped_corrected. A human can end the approval at any time on the loop's page in the admin."
)
BY_A_PERSON = "Tell a human: an approver can put it right on the loop's page in the admin."


def events_after(loop: Loop, *kinds: Kind) -> QuerySet[LoopEvent]:
    """The loop's events after the last one of these kinds, oldest first; all of them if there is none."""
    last = loop.events.filter(kind__in=kinds).order_by("-pk").values_list("pk", flat=True).first()
    return loop.events.filter(pk__gt=last or 0).order_by("pk")


def same_report(loop: Loop, kind: Kind, detail: dict[str, Any]) -> LoopEvent | None:
    """The event of the same report, if it was sent before for this fix; that of a report that is due no more, too."""
    if kind == Kind.SHIPPED_CORRECTED and changes_nothing(loop, detail):
        return loop.events.filter(kind__in=(Kind.SHIPPED, *CORRECTIONS)).order_by("-pk").first()
    is_due = loop.state in states_before(Trigger(kind.value))
    since_decision = events_after(loop, Kind.DECIDED).filter(kind=kind)
    if is_due and kind != Kind.SHIPPED:
        of_this_fix = events_after(loop, Kind.DECIDED, Kind.SHIPPED).filter(kind=kind)[:MOST_OF_A_KIND]
        return next((event for event in of_this_fix if says_the_same(event, detail)), None)
    newest = since_decision.last()
    return newest if newest and says_the_same(newest, detail) else None


def says_the_same(event: LoopEvent, detail: dict[str, Any]) -> bool:
    """Whether the event has the report's words, and its time if it names one."""
    words = without_secrets({name: detail.get(name) for name in WORDS})
    time = detail.get("shipped_at")
    same_words = all(event.detail.get(name) == word for name, word in words.items())
    return same_words and (time is None or event.detail.get("shipped_at") == rfc3339(time))


def changes_nothing(loop: Loop, detail: dict[str, Any]) -> bool:
    """Whether a correction says what the loop has already, its time to the second, as people are shown it."""
    release, time = detail.get("release", loop.release), detail.get("shipped_at", loop.shipped_at)
    return bool(loop.attempt and release == loop.release and to_second(time) == to_second(loop.shipped_at))


def to_second(time: datetime | None) -> datetime | None:
    """The time without its fraction of a second."""
    return time.replace(microsecond=0) if time else None


def check_order(loop: Loop, kind: Kind) -> None:
    """Raise OutOfOrder for a report that needs another one first, TooManyReports for one too many."""
    if kind == Kind.MERGED:
        of_this_fix = events_after(loop, Kind.DECIDED, Kind.SHIPPED)
        if not of_this_fix.filter(kind=Kind.PR_OPENED).exists():
            raise OutOfOrder(NO_PULL_REQUEST, PULL_REQUEST_FIRST)
    if kind == Kind.ASKED_AGAIN and loop.state == Loop.State.SHIPPED and not loop.way_on:
        raise OutOfOrder(NO_VERDICT, VERIFY_FIRST)
    most, events, message, remedy = bound_of(loop, kind)
    if events.filter(kind=kind).count() >= most:
        raise TooManyReports(message, remedy)


def bound_of(loop: Loop, kind: Kind) -> tuple[int, QuerySet[LoopEvent], str, str]:
    """How many of these events there may be of a kind, and what is said to one more."""
    since_decision = events_after(loop, Kind.DECIDED)
    if kind == Kind.SHIPPED:
        return MOST_FIXES, since_decision, f"{MOST_FIXES} fixes shipped since the last decision.", ASK_FIRST
    if kind == Kind.SHIPPED_CORRECTED:
        of_this_fix = events_after(loop, Kind.DECIDED, Kind.SHIPPED)
        return MOST_CORRECTIONS, of_this_fix, f"This fix was put right {MOST_CORRECTIONS} times.", BY_A_PERSON
    message = f"{kind} was reported {MOST_OF_A_KIND} times since the last decision."
    return MOST_OF_A_KIND, since_decision, message, ""
