"""
Did the fix hold? The windows before and after it, compared (comparison.py), and written down.

docs/verification.md says what each verdict means and where the rules come from.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from diagnosis.loops import lifecycle, switch_lock
from diagnosis.loops.states import VERIFIABLE, Trigger
from diagnosis.models import Loop, LoopEvent, Verification
from diagnosis.statistics.e_process import STRAY
from diagnosis.verification import baseline, verification_document
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.comparison import FOUND, Comparison, compare_with_baseline
from diagnosis.verification.rate_verdict import NEARLY_GONE
from diagnosis.window import exposure, releases
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, unix_nano
from tenants.models import Project
from tenants.stores.binding import bind

MOST = 20  # loops that a diagnosis looks at, because it answers a request; `manage.py verify_loops` takes its time


def verify(loop: Loop, now: datetime) -> Verification:
    """
    Compare, and move the loop as it was read. WrongState: not shipped, or changed meanwhile.

    A look that did not count and says nothing new is answered and not written down, so that an agent may poll.
    """
    if loop.state not in VERIFIABLE or loop.shipped_at is None:
        raise lifecycle.WrongState(loop, "verify", VERIFIABLE)
    switch_lock.check_no_switch(loop.project)
    with bind(loop.project):
        comparison = compare_with_baseline(loop, loop.shipped_at, now)
        if comparison.is_look or comparison.judgement.verdict != loop.verdict:
            return conclude(loop, comparison, now)
        told = verification_document.verification_answer(loop, comparison)
    return Verification(loop=loop, verdict=comparison.judgement.verdict, document=told, created_at=now)


def recheck(project: Project, now: datetime, most: int | None = MOST) -> list[Verification]:
    """
    New verdicts on fixes of which enough is known for another look, and on those that held and are back.

    Args:
        most: undecided loops that are looked at, any of them; None for all.
    """
    switch_lock.check_no_switch(project)
    found = []
    with bind(project):
        for loop in [*stirring(project, now), *loops_to_verify(project)[:most]]:
            comparison = compare_with_baseline(loop, loop.shipped_at or now, now)
            if comparison.is_look:
                with suppress(lifecycle.WrongState):  # somebody verified it meanwhile
                    found.append(conclude(loop, comparison, now))
    return found


def loops_to_verify(project: Project) -> QuerySet[Loop]:
    """The loops whose fix shipped and is not decided, or that nothing stirs; in random order: each has its turn."""
    undecided = Q(state__in=(Loop.State.SHIPPED, Loop.State.INCONCLUSIVE)) | Q(
        state=Loop.State.HELD, signal_type__in=FOUND
    )
    return Loop.objects.filter(undecided, project=project, shipped_at__isnull=False).order_by("?")


def stirring(project: Project, now: datetime) -> list[Loop]:
    """The held loops whose failure was seen again since the first of them held; two queries for all."""
    held = list(Loop.objects.filter(project=project, state=Loop.State.HELD).exclude(signal_type__in=FOUND))
    if not held:
        return []
    since = min(
        ComparedWindow.read(baseline.current_baseline(loop, loop.shipped_at or now)).window.end_unix_nano
        for loop in held
    )
    end = max(since, unix_nano(now))
    window = Window(max(since, end - MAX_MINUTES * MINUTE_NANO), end)
    seen = exposure.failing_again(window, at_least=STRAY + 1)
    return [loop for loop in held if lifecycle.loop_fingerprint(loop) in seen]


def conclude(loop: Loop, comparison: Comparison, now: datetime) -> Verification:
    """The stored verification; the loop is moved in the same transaction."""
    verdict = comparison.judgement.verdict
    trigger = Trigger(f"verdict {verdict}")
    told = verification_document.verification_answer(loop, comparison)
    fields = {"verdict": verdict, "baseline": kept(loop, comparison, verdict)}
    with transaction.atomic():
        switch_lock.hold(loop.project)
        lifecycle.apply_trigger(loop, trigger, now, **fields)
        note_verdict(loop, told, now)
        return Verification.objects.create(loop=loop, verdict=verdict, document=told, created_at=now)


def kept(loop: Loop, comparison: Comparison, verdict: str) -> dict[str, Any]:
    """What the next look compares with: once a fix held, the window in which it did, and the rate that it may have."""
    before, after = comparison.before, comparison.after
    if verdict != "held" or loop.state == Loop.State.HELD:
        return before.kept()
    allowed_rate, ran = NEARLY_GONE * (before.counts.rate or 0.0), releases.seen(after.window, loop.service)
    return replace(after, releases=ran, allowed_rate=allowed_rate).kept()


def note_verdict(loop: Loop, told: dict[str, Any], now: datetime) -> None:
    """A line in the loop's history; a regression names its records and the decision that it puts in question."""
    detail = {"verdict": told["verdict"], "reason": told["reason"]}
    if loop.state != Loop.State.REGRESSED:
        lifecycle.append_event(loop, LoopEvent.Kind.VERIFIED, "loopkit", now, **detail)
        return
    reopened = {"evidence_ids": told["evidence_ids"], "decision": lifecycle.latest_decision(loop)}
    lifecycle.append_event(loop, LoopEvent.Kind.REGRESSED, "loopkit", now, **detail, **reopened)
