"""
Whether a fix held: the windows before and after it are compared (comparison.py), and a verdict that counts is stored.

    switch_lock.check_no_switch -> compare_with_baseline -> with_environments
        -> verification_document.answer_document -> is_news -> store_verdict -> note_way_on

`verify` stores the answer and moves the loop if an interim analysis counted, the verdict changed, or another failure is
linked to the fix; `recheck` only if an analysis counted. Any other answer is given and not stored, so that an agent may
ask again at any time.
docs/verification.md says what each verdict means and where the rules come from.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from diagnosis.loops import fixes, lifecycle, switch_lock
from diagnosis.loops.states import VERIFIABLE, Trigger
from diagnosis.models import Loop, LoopEvent, Verification
from diagnosis.side_effects import shown as side_effects
from diagnosis.statistics.e_process import STRAY
from diagnosis.verification import baseline, held_fix, verification_document
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.comparison import (
    WINDOW_SIGNALS,
    Comparison,
    compare_with_baseline,
    with_environments,
)
from diagnosis.verification.way_on import way_on
from diagnosis.window import cluster_counts
from diagnosis.window.shared_reads import shared_reads
from telemetry.reads import cluster_failures
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, unix_nano
from tenants.models import Project
from tenants.stores.binding import bind

# Fixes without a final verdict that a diagnosis or the periodic jobs verify at most; `manage.py verify_loops` does all.
MOST = 20
MOST_STORED = 200  # verifications of a loop; beyond them, only interim analyses are stored, which are few
MOST_TRIES = 5  # of a request to verify, while others verify the same loop


@dataclass(frozen=True, slots=True)
class VerificationAnswer:
    """A verdict with its document, stored or not."""

    verdict: str
    document: dict[str, Any]


def verify(loop: Loop, now: datetime) -> VerificationAnswer:
    """
    Compare the windows before and after the fix, and store a verdict that counts, which moves the loop, as it was read.

    Raises WrongState if the loop is not shipped, or changed meanwhile.
    """
    if loop.state not in VERIFIABLE or loop.shipped_at is None:
        raise lifecycle.WrongState(loop, "verify", VERIFIABLE)
    switch_lock.check_no_switch(loop.project)
    with bind(loop.project):
        comparison = compare_with_baseline(loop, loop.shipped_at, now)
        comparison = with_environments(loop, comparison)
        document = verification_document.answer_document(loop, comparison)
        if is_news(loop, comparison, document):
            store_verdict(loop, comparison, document, now)
        else:
            note_way_on(loop, document["way_on"] or "")
        return VerificationAnswer(comparison.judgement.verdict, document)


def is_news(loop: Loop, comparison: Comparison, document: dict[str, Any]) -> bool:
    """Whether the answer is to be stored: what is no interim analysis could change with every request."""
    if comparison.counts:
        return True
    changes = comparison.judgement.verdict != loop.verdict or links_more(loop, document)
    return changes and loop.verifications.count() < MOST_STORED


def links_more(loop: Loop, document: dict[str, Any]) -> bool:
    """Whether a failure is linked to the fix that the last stored verification did not name."""
    last = loop.verifications.first()
    return not side_effects.cluster_ids(document) <= side_effects.cluster_ids(last.document if last else {})


def verify_latest(loop: Loop, now: datetime) -> VerificationAnswer:
    """
    Verify the loop, which is read again where somebody else verified it meanwhile.

    Raises WrongState if the loop's state allows no verification.
    """
    for _ in range(MOST_TRIES - 1):
        try:
            return verify(loop, now)
        except lifecycle.WrongState:
            loop.refresh_from_db()
            if loop.state not in VERIFIABLE:
                raise
    return verify(loop, now)


def recheck(project: Project, now: datetime, most: int | None = MOST) -> list[Verification]:
    """
    Store verdicts: on fixes whose next interim analysis is due, and on held ones whose failure is back.

    Args:
        most: the number of fixes without a final verdict to verify at most, in random order; None for all.
    """
    switch_lock.check_no_switch(project)
    stored = []
    with bind(project), shared_reads():
        for loop in [*held_but_failing(project, now), *loops_to_verify(project)[:most]]:
            comparison = compare_with_baseline(loop, loop.shipped_at or now, now)
            if not comparison.counts:
                note_way_on(loop, way_on(loop, comparison))
                continue
            comparison = with_environments(loop, comparison)
            document = verification_document.answer_document(loop, comparison)
            with suppress(lifecycle.WrongState):  # somebody verified it meanwhile
                stored.append(store_verdict(loop, comparison, document, now))
    return stored


def loops_to_verify(project: Project) -> QuerySet[Loop]:
    """Loops without a final verdict, or held ones of failures that only rules over windows find; in random order."""
    undecided = Q(state__in=(Loop.State.SHIPPED, Loop.State.INCONCLUSIVE)) | Q(
        state=Loop.State.HELD, signal_type__in=WINDOW_SIGNALS
    )
    return Loop.objects.filter(undecided, project=project, shipped_at__isnull=False).order_by("?")


def held_but_failing(project: Project, now: datetime) -> list[Loop]:
    """The held loops whose failure occurred again since the first of them held."""
    held = list(
        Loop.objects.filter(project=project, state=Loop.State.HELD).exclude(signal_type__in=WINDOW_SIGNALS)
    )
    if not held:
        return []
    since = min(
        ComparedWindow.from_document(
            baseline.current_baseline(loop, loop.shipped_at or now)
        ).window.end_unix_nano
        for loop in held
    )
    end = max(since, unix_nano(now))
    window = Window(max(since, end - MAX_MINUTES * MINUTE_NANO), end)
    failures = cluster_failures.numbers(window, map(lifecycle.loop_fingerprint, held))
    return [loop for loop in held if failures.get(lifecycle.loop_fingerprint(loop), 0) > STRAY]


def store_verdict(
    loop: Loop, comparison: Comparison, document: dict[str, Any], now: datetime
) -> Verification:
    """Store the verification, and move the loop in the same transaction."""
    verdict = comparison.judgement.verdict
    trigger = Trigger(f"verdict {verdict}")
    fields = {
        "verdict": verdict,
        "way_on": document["way_on"] or "",
        "baseline": next_baseline(loop, comparison, verdict),
    }
    with transaction.atomic():
        switch_lock.hold(loop.project)
        lifecycle.apply_trigger(loop, trigger, now, **fields)
        stored = Verification.objects.create(loop=loop, verdict=verdict, document=document, created_at=now)
        note_verdict(loop, comparison, document, now)
    return stored


def note_way_on(loop: Loop, reason: str) -> None:
    """Store why no further traffic decides about the fix as it was read, beside what was verified of it before."""
    if reason != loop.way_on:
        Loop.objects.filter(pk=loop.pk, revision=loop.revision).update(way_on=reason)
        loop.way_on = reason


def next_baseline(loop: Loop, comparison: Comparison, verdict: str) -> dict[str, Any]:
    """The baseline of the next analysis: once a fix held, the window in which it did, and the rate that is allowed."""
    before, after = comparison.before, comparison.after
    if verdict != "held" or loop.state == Loop.State.HELD:
        return before.as_document()
    return held_fix.once_held(loop, before, after).as_document()


def note_verdict(loop: Loop, comparison: Comparison, document: dict[str, Any], now: datetime) -> None:
    """Append the verdict to the loop's history; that of a regression names its evidence and the earlier decision."""
    detail = {"verdict": document["verdict"], "reason": document["reason"]}
    if linked := sorted(side_effects.cluster_ids(document)):
        detail["side_effects"] = linked
    if document["environments"] is not None:
        detail |= {name: document[name] for name in fixes.BY_ENVIRONMENT}
    if loop.state != Loop.State.REGRESSED:
        lifecycle.append_event(loop, LoopEvent.Kind.VERIFIED, "loopkit", now, **detail)
        return
    failing = cluster_counts.failing_releases(comparison.after.window, comparison.target)
    regression = {
        "evidence_ids": document["evidence_ids"],
        "releases": [{"release": row.release or None, "failures": row.failures} for row in failing],
        "decision": lifecycle.latest_decision(loop),
    }
    lifecycle.append_event(loop, LoopEvent.Kind.REGRESSED, "loopkit", now, **detail, **regression)
