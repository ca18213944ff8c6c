"""
The windows before and after a fix, counted and judged: by rates, by durations, or as a watch over a fix that held.

What counts as after is in releases.py; whether the pain moved to other failures of the operation, in siblings.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from diagnosis.detection.rules import RULES
from diagnosis.models import Loop, Verification
from diagnosis.statistics import alpha_spending
from diagnosis.statistics.alpha_spending import Look
from diagnosis.statistics.overdispersion import spread
from diagnosis.statistics.rates import Counts
from diagnosis.verification import (
    baseline,
    duration_verdict,
    held_fix,
    own_durations,
    rate_verdict,
    reasons,
    siblings,
)
from diagnosis.verification.baseline import Side
from diagnosis.verification.rate_verdict import Judgement, Verdict
from diagnosis.verification.siblings import Sibling
from diagnosis.window import releases
from diagnosis.window.cluster_counts import Target
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, rfc3339, unix_nano

FOUND = RULES.signals  # found by a diagnosis; no record carries their fingerprint
TRACES = "Here a record is a trace that was looked at, and a failure one with the {signal}."


@dataclass(frozen=True, slots=True)
class Comparison:
    """A loop's windows before and after, and the judgement on them."""

    before: Side
    after: Side
    target: Target
    judgement: Judgement
    is_look: bool  # enough was known for the verdict to be a new one
    moved_to: list[Sibling] = field(default_factory=list)


def compare(loop: Loop, shipped_at: datetime, now: datetime) -> Comparison:
    """The loop's failures before and after, in the bound project."""
    before = Side.read(baseline.current(loop, shipped_at))
    window, target = what_counts(loop, before, unix_nano(now))
    after = Side(window, baseline.count(loop, window, target), operations=before.operations)
    if loop.state == Loop.State.HELD and loop.signal_type not in FOUND:
        judgement = held_fix.look_again(before, after, target)
        return Comparison(before, after, target, judgement, judgement.verdict == "regressed")
    previous = last_verification(loop, before)
    last = Look(**previous.document["look"]) if previous else alpha_spending.NO_LOOK
    judgement, moved_to = judged(loop, before, after, target, last), list[Sibling]()
    counted = judgement.look.number > last.number
    if previous and not counted and judgement.verdict != "no_traffic":
        judgement = standing(judgement, previous, after.counts)
    if counted and loop.signal_type not in FOUND:
        judgement, moved_to = siblings.weigh(judgement, before, after, target)
    return Comparison(before, after, target, judgement, counted, moved_to)


def what_counts(loop: Loop, before: Side, now: int) -> tuple[Window, Target]:
    """The window after, 30 days at most, and what is counted in it."""
    start = max(before.window.end_unix_nano, now - MAX_MINUTES * MINUTE_NANO)
    window = Window(start, max(start, now))
    if not loop.release or loop.state == Loop.State.HELD:  # once it held, a failure is back in any release
        return window, baseline.target(loop, before.operations)
    left_out = releases.without(loop.release, before.releases, releases.seen(window, loop.service))
    return window, baseline.target(loop, before.operations, left_out)


def last_verification(loop: Loop, before: Side) -> Verification | None:
    """The last look at this fix that counted."""
    since = rfc3339(before.window.end_unix_nano)
    looked = loop.verifications.filter(document__look__number__gte=1, document__before__window__end=since)
    return looked.first()


def judged(loop: Loop, before: Side, after: Side, target: Target, last: Look) -> Judgement:
    """By durations where the loop is about them, by failures else."""
    if loop.signal_type in RULES.by_durations:
        found = duration_verdict.judge(
            own_durations.durations(before.window, target),
            own_durations.durations(after.window, target),
            last,
        )
    else:
        found = rate_verdict.judge(before.counts, after.counts, spread(before.observed, after.observed), last)
    still_holds = loop.state == Loop.State.HELD and found.verdict not in ("regressed", "no_traffic")
    if still_holds:
        found = replace(found, verdict="held")
    return (
        in_traces(found, after, still_holds, loop.signal_type)
        if loop.signal_type in RULES.by_visits
        else found
    )


def in_traces(judgement: Judgement, after: Side, still_holds: bool, signal_type: str) -> Judgement:
    """The judgement on what is found in runs, with what was counted."""
    said = (
        f"{reasons.sentence(reasons.told(after.counts))} since it held." if still_holds else judgement.reason
    )
    return replace(judgement, reason=f"{said} {TRACES.format(signal=signal_type.replace('_', ' '))}")


def standing(judgement: Judgement, previous: Verification, after: Counts) -> Judgement:
    """The verdict of the last look, until twice as much is known."""
    text = f"{reasons.told(after)} so far: too few for another look, so the last verdict stands."
    verdict = cast(Verdict, previous.verdict)
    return replace(judgement, verdict=verdict, reason=reasons.sentence(text))
