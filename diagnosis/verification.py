"""
Did the fix hold? The windows before and after it, counted, judged (judge.py), and written down.

docs/verification.md says what each verdict means and where the rules come from.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from diagnosis import baseline, exposure, loops
from diagnosis.baseline import Side
from diagnosis.judge import CONFIDENCE, RETURNED, Judgement, judge, judge_held
from diagnosis.models import Loop, LoopEvent, Verification
from telemetry.windows import Window, unix_nano
from tenants.binding import bind
from tenants.models import Project

State = Loop.State
VERIFIABLE = (State.SHIPPED, State.HELD, State.INCONCLUSIVE)
NEXT_STATE = {
    "held": State.HELD,
    "regressed": State.REGRESSED,
    "improved": State.INCONCLUSIVE,
    "unchanged": State.INCONCLUSIVE,
    "inconclusive": State.INCONCLUSIVE,
}
EVIDENCE = 5  # failing records after the fix


@dataclass(frozen=True, slots=True)
class Comparison:
    """A loop's windows before and after, and the judgement on them."""

    before: Side
    after: Side
    judgement: Judgement


def verify(loop: Loop, now: datetime) -> Verification:
    """Compare, write it down, move the loop as it was read. WrongState: not shipped, or changed meanwhile."""
    if loop.state not in VERIFIABLE or loop.shipped_at is None:
        raise loops.WrongState(loop, "verify", VERIFIABLE)
    with bind(loop.project):
        return conclude(loop, compare(loop, loop.shipped_at, now), now)


def recheck(project: Project, now: datetime) -> list[Verification]:
    """Look again at every fix that held. Those that regressed are written down and moved; the rest stays."""
    found = []
    with bind(project):
        for loop in stirring(project, now):
            comparison = compare(loop, loop.shipped_at or now, now)
            if comparison.judgement.verdict == "regressed":
                with suppress(loops.WrongState):  # somebody verified it meanwhile
                    found.append(conclude(loop, comparison, now))
    return found


def stirring(project: Project, now: datetime) -> list[Loop]:
    """The held loops whose failure was seen again since the first of them held; two queries for all."""
    held = list(Loop.objects.filter(project=project, state=State.HELD))
    if not held:
        return []
    since = min(
        Side.read(baseline.current(loop, loop.shipped_at or now)).window.end_unix_nano for loop in held
    )
    seen = exposure.failing_again(Window(since, unix_nano(now)), at_least=RETURNED)
    return [loop for loop in held if baseline.fingerprint(loop) in seen]


def compare(loop: Loop, shipped_at: datetime, now: datetime) -> Comparison:
    """The loop's failures before and after, in the bound project."""
    before = Side.read(baseline.current(loop, shipped_at))
    start = before.window.end_unix_nano
    after = baseline.count(loop, Window(start, max(start, unix_nano(now))))
    decide = judge_held if loop.state == State.HELD else judge
    return Comparison(before, after, decide(before.counts, after.counts))


def conclude(loop: Loop, comparison: Comparison, now: datetime) -> Verification:
    """The stored verification; the loop is moved in the same transaction."""
    verdict = comparison.judgement.verdict
    state = NEXT_STATE.get(verdict, State(loop.state))
    begins_to_hold = state == State.HELD and loop.state != State.HELD
    kept = comparison.after if begins_to_hold else comparison.before
    told = document(loop, comparison)
    with transaction.atomic():
        loops.change(loop, VERIFIABLE, state, now, "verify", verdict=verdict, baseline=kept.shown())
        kind = LoopEvent.Kind.REGRESSED if state == State.REGRESSED else LoopEvent.Kind.VERIFIED
        loops.note(loop, kind, "loopkit", now, verdict=verdict, reason=told["reason"])
        return Verification.objects.create(loop=loop, verdict=verdict, document=told, created_at=now)


def document(loop: Loop, comparison: Comparison) -> dict[str, Any]:
    """What the answer says; an infinite bound of the ratio is null."""
    judgement, after = comparison.judgement, comparison.after
    ratio = judgement.ratio
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "needed": needed(judgement.needed, loop.operation),
        "needed_exposure": judgement.needed,
        "service": loop.service,
        "operation": loop.operation,
        "before": comparison.before.shown(),
        "after": after.shown(),
        "ratio": {
            "estimate": ratio.estimate,
            "low": ratio.low,
            "high": ratio.high if math.isfinite(ratio.high) else None,
        },
        "confidence": CONFIDENCE,
        "evidence_ids": exposure.newest(after.window, baseline.fingerprint(loop), EVIDENCE),
    }


def needed(records: int | None, operation: str) -> str:
    """`about 340 more records of POST /orders without a failure`; "" when none is needed or would help."""
    if not records:
        return ""
    step = 10 ** max(0, len(str(records)) - 2)
    rounded = -(-records // step) * step  # up, to two digits
    return f"about {rounded:,} more record{'' if rounded == 1 else 's'} of {operation} without a failure"
