"""
Whether further traffic can decide about a fix, and if not, why: then something else has to be done.

What is needed has to be able to happen: in the windows that a verification reads, at the traffic that there is.
"""

from __future__ import annotations

from typing import cast

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.detection.rules.registry import ByVisits
from diagnosis.models import Loop, WayOn
from diagnosis.verification.comparison import Comparison
from diagnosis.verification.rate_verdict import ENOUGH
from telemetry.signals import user_signal
from telemetry.windows import MAX_MINUTES

DAY = 24 * 60  # minutes; traffic pauses at night
# After the other verdicts, a second fix or a question is what comes next (diagnosis/loops/next_action.py).
OPEN = ("inconclusive", "no_traffic")


def way_on(loop: Loop, comparison: Comparison) -> str:
    """The reason why no further traffic decides about the fix; "" if it does, or if it is decided."""
    if comparison.judgement.verdict not in OPEN:
        return ""
    if loop.signal_type not in WINDOW_RULES.by_durations and (reason := without_comparison(loop, comparison)):
        return reason
    if comparison.judgement.verdict == "no_traffic" and (reason := without_traffic(comparison)):
        return reason
    return out_of_reach(loop, comparison)


def without_comparison(loop: Loop, comparison: Comparison) -> str:
    """Why the window before the fix is none to compare rates with; "" if it is."""
    before, after = comparison.before.counts, comparison.after.counts
    if not before.failures:
        return WayOn.NO_FAILURES
    all_failed = before.failures == before.exposure and after.failures == after.exposure
    if loop.signal_type == user_signal.SIGNAL and all_failed:
        return WayOn.ONLY_COMPLAINTS
    return ""


def without_traffic(comparison: Comparison) -> str:
    """Why nothing ran for a day in which records were to be expected; "" for less."""
    before, minutes = comparison.before, comparison.after.window.since_minutes
    expected = comparison.judged.before.exposure * minutes / max(1, before.window.since_minutes)
    if minutes < DAY:
        return ""
    if comparison.left_out and not comparison.after.counts.exposure:
        return WayOn.OTHER_RELEASES
    return WayOn.NOTHING_RAN if expected >= ENOUGH else ""


def out_of_reach(loop: Loop, comparison: Comparison) -> str:
    """Why so many records as are needed cannot come; "" if they can."""
    needed = comparison.judgement.needed
    if comparison.moved_to or needed == 0:  # it would have held
        return WayOn.MOVED
    if loop.signal_type in WINDOW_RULES.by_durations:
        return WayOn.FEW_BEFORE if needed is None else ""
    if needed is None or comparison.judged.after.exposure + needed > most_records(loop, comparison):
        return WayOn.TOO_RARE
    return ""


def most_records(loop: Loop, comparison: Comparison) -> float:
    """The most records that a window after the fix can count, at the traffic of both windows."""
    sides = comparison.before, comparison.after
    minutes = sum(side.window.since_minutes for side in sides)
    judged = comparison.judged
    most = (judged.before.exposure + judged.after.exposure) * MAX_MINUTES / max(1, minutes)
    if loop.signal_type not in WINDOW_RULES.by_visits - WINDOW_RULES.over_runs:
        return most
    read = cast(ByVisits, WINDOW_RULES.rules[loop.signal_type]).VERIFIED
    return most if most <= read else read / 2
