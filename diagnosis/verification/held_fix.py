"""Check a fix that held: the counts since then, whether the failure is back (e_process.py), and what would show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import counted, significant
from diagnosis.models import Loop
from diagnosis.statistics import alpha_spending, e_process
from diagnosis.statistics.e_process import EValue, Held
from diagnosis.statistics.rates import Counts, rate_ratio
from diagnosis.verification import affected_records, baseline, reasons
from diagnosis.verification.affected_records import AffectedRecords
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import NEARLY_GONE, Judgement
from diagnosis.window import cluster_counts, failing_records
from diagnosis.window.cluster_counts import Target
from telemetry.windows import MINUTE_NANO, Window

OF_AFFECTED = 0.2  # of the chance of a false alarm, for the affected records alone
MOST_MORE = 50  # failing sessions; a failure that needs more of them to show is not said to be near


def judge_held_fix(
    held: ComparedWindow, since: ComparedWindow, target: Target, affected: AffectedRecords | None = None
) -> Judgement:
    """
    Judge a held fix: `regressed` if it fails more often than its verdict allows, or than it did, else `held`.

    Args:
        affected: the records that the failure hits, where that is known: they are watched alone, too.
    """
    tails = alpha_spending.tails(1)
    compared = rate_ratio(held.counts, since.counts, tails)
    known = Held((held.allowed_rate or 0.0) / held.failures_a_session, held.counts)
    distances = session_distances(since.window, target) if since.counts.failures else []
    share = 1 - OF_AFFECTED if affected else 1.0
    evidence = e_process.strongest_evidence(distances, known, share)
    if evidence and evidence.is_enough_for(share):
        text = back_reason(since.counts, evidence, known)
        return Judgement("regressed", text, None, compared, tails, alpha_spending.NO_ANALYSIS)
    if (
        affected
        and len(distances) > e_process.STRAY
        and (text := affected_reason(held, since, target, affected))
    ):
        return Judgement("regressed", text, None, compared, tails, alpha_spending.NO_ANALYSIS)
    more = more_to_show_it(distances, since.counts, known)
    text = standing_reason(held.counts, since.counts, len(distances), more)
    return Judgement("held", text, more, compared, tails, alpha_spending.NO_ANALYSIS)


def affected_reason(
    held: ComparedWindow, since: ComparedWindow, target: Target, affected: AffectedRecords
) -> str:
    """The reason for `regressed` by the affected records alone; "" if they do not show it."""
    distances = affected_records.distances(affected, since.window, target)
    known = Held(NEARLY_GONE * affected.rate / held.failures_a_session, Counts(0, 0))
    evidence = e_process.strongest_evidence(distances, known, OF_AFFECTED)
    if not evidence or not evidence.is_enough_for(OF_AFFECTED):
        return ""
    counts = reasons.capitalised(f"{reasons.counts_sentence(since.counts)} since the fix held.")
    allowed = significant(known.allowed_rate * evidence.bet.exposure)
    stretch = stretch_sentence(evidence, "records with the values of its strongest hint")
    return f"{counts} {stretch}, where the verdict allows about {allowed}: more than chance allows."


def once_held(loop: Loop, before: ComparedWindow, after: ComparedWindow) -> ComparedWindow:
    """The window in which the fix held, with what its verdict allows from then on; read from the bound project."""
    sessions: list[Counts] = []
    if loop.signal_type not in WINDOW_RULES.signals:
        sessions = cluster_counts.failing_sessions(before.window, baseline.target(loop, before.operations))
    failures = sum(session.failures for session in sessions)
    return replace(
        after,
        allowed_rate=NEARLY_GONE * (before.counts.rate or 0.0),
        failures_a_session=failures / len(sessions) if sessions else 1.0,
    )


def session_distances(window: Window, target: Target) -> list[float]:
    """The records before each failing session, since the one before; a session that fails repeatedly counts once."""
    failing = cluster_counts.failing_times(window, target)
    identities = failing_records.identities(trace_id for _, trace_id in failing)
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    newest_first = [(identities[trace_id].session_id, start // size) for start, trace_id in failing]
    counts_by_block = cluster_counts.cluster_stretches(window, target)
    exposure = {block: counts.exposure for block, counts in counts_by_block.items()}
    # dict() keeps the last value of a key: the block of each session's earliest failure.
    blocks = e_process.blocks_in_order(exposure, dict(newest_first).values())
    return list(e_process.distances_between(blocks))


def more_to_show_it(distances: Sequence[float], since: Counts, known: Held) -> int:
    """The further records that would show that the failure is back if it goes on as often; 0 if none would."""
    if not distances:
        return 0
    usual = since.exposure / len(distances)
    for more in range(1, MOST_MORE + 1):
        evidence = e_process.strongest_evidence([*distances, *[usual] * more], known)
        if evidence and evidence.is_enough:
            return ceil(more * usual)
    return 0


def standing_reason(held: Counts, since: Counts, sessions: int, more: int) -> str:
    """The reason for `held` in one sentence."""
    if not since.exposure:
        return reasons.nothing_since(reasons.counts_sentence(held))
    counts = reasons.capitalised(f"{reasons.counts_sentence(since)} since the fix held")
    if not since.failures:
        return f"{counts}: it has not come back."
    of_sessions = f", in {counted(sessions, 'session')}" if sessions < since.failures else ""
    conclusion = "too few to say that it is back" if more else "as few as its verdict allows"
    return f"{counts}{of_sessions}: {conclusion}."


def stretch_sentence(evidence: EValue, records: str) -> str:
    """`In a stretch of 8 of these records, 3 sessions had the failure for the first time`, of what shows it."""
    bet = evidence.bet
    sessions = counted(bet.sessions, "session")
    return f"In a stretch of {ceil(bet.exposure):,} {records}, {sessions} had the failure for the first time"


def back_reason(since: Counts, evidence: EValue, known: Held) -> str:
    """The reason for `regressed` in two sentences: the counts, and the stretch that shows it."""
    bet = evidence.bet
    stretch = stretch_sentence(evidence, "of these records")
    if evidence.is_against_allowed:
        allowed = significant(known.allowed_rate * bet.exposure)
        than = f"where the verdict allows about {allowed}"
    else:
        before = Counts(bet.failures_before, max(bet.failures_before, round(bet.exposure_before)))
        than = f"against {reasons.counts_sentence(before)} of the fix until then"
    counts = reasons.capitalised(f"{reasons.counts_sentence(since)} since the fix held.")
    return f"{counts} {stretch}, {than}: more than chance allows."
