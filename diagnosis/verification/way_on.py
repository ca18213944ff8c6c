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
from telemetry.windows import MAX_MINUTES, MINUTE_NANO

HOUR = 60  # minutes
DAY = 24 * HOUR  # minutes; traffic pauses at night
WEEK = 7 * DAY  # minutes; and at weekends
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
    """Why so many records as are needed cannot come; "" if they can, or if that is not known yet."""
    needed = comparison.judgement.needed
    if comparison.moved_to or needed == 0:  # it would have held
        return WayOn.MOVED
    if loop.signal_type in WINDOW_RULES.by_durations:
        return WayOn.FEW_BEFORE if needed is None else ""
    if needed is None or exceeds_sample(loop, comparison, needed):
        return WayOn.TOO_RARE
    is_rare = comparison.judged.after.exposure + needed > most_records(comparison)
    return WayOn.TOO_RARE if is_rare and is_pace_known(comparison) else ""


def is_pace_awaited(loop: Loop, comparison: Comparison) -> bool:
    """Whether so many records as are needed would not come, had its operations not run for too short to say so."""
    needed = comparison.judgement.needed
    if loop.signal_type in WINDOW_RULES.by_durations or not needed or is_pace_known(comparison):
        return False
    return comparison.judged.after.exposure + needed > most_records(comparison)


def exceeds_sample(loop: Loop, comparison: Comparison, needed: int) -> bool:
    """Whether more is needed than a verification looks at, where it looks at a sample."""
    if loop.signal_type not in WINDOW_RULES.by_visits - WINDOW_RULES.over_runs:
        return False
    read = cast(ByVisits, WINDOW_RULES.rules[loop.signal_type]).VERIFIED
    most = most_records(comparison)
    return most > read and comparison.judged.after.exposure + needed > read / 2


def is_pace_known(comparison: Comparison) -> bool:
    """Whether its operations ran for a day, before the fix and since."""
    return sum(minutes_that_it_ran(comparison)) >= DAY


def most_records(comparison: Comparison) -> float:
    """
    The most records that a window after the fix can count: at the pace before it, or at that since it, once an hour is
    known and it is faster, or a week.
    """
    (before, after), judged = minutes_that_it_ran(comparison), comparison.judged
    paces = [judged.before.exposure / max(1, before)] if after < WEEK else []
    if after >= HOUR:
        paces.append(judged.after.exposure / after)
    return max(paces) * MAX_MINUTES


def minutes_that_it_ran(comparison: Comparison) -> tuple[int, int]:
    """The minutes of the windows before and after, without those before its operations first ran."""
    before, after = comparison.before.window, comparison.after.window
    late = max(0, comparison.ran_since_unix_nano - before.start_unix_nano) // MINUTE_NANO
    return max(0, before.since_minutes - late), after.since_minutes
