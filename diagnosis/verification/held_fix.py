"""Check a fix that held: the counts since then, and whether the failure is back (e_process.py)."""

from __future__ import annotations

from diagnosis.display.quantities import percent
from diagnosis.statistics import alpha_spending, e_process
from diagnosis.statistics.rates import Counts, rate_ratio
from diagnosis.verification import reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.verification.rate_verdict import Judgement, Verdict
from diagnosis.window import cluster_counts, failing_records
from diagnosis.window.cluster_counts import Target
from telemetry.windows import MINUTE_NANO, Window


def judge_held_fix(held: ComparedWindow, since: ComparedWindow, target: Target) -> Judgement:
    """Judge a held fix: `regressed` if it fails more often than its verdict allowed, else `held`."""
    allowed_rate, tails = held.allowed_rate or 0.0, alpha_spending.tails(1)
    compared = rate_ratio(held.counts, since.counts, tails)
    back = bool(since.counts.failures) and e_process.is_back(
        window_blocks(since.window, target), allowed_rate
    )
    verdict: Verdict = "regressed" if back else "held"
    text = held_fix_reason(verdict, held.counts, since.counts, allowed_rate)
    return Judgement(verdict, text, None if back else 0, compared, tails, alpha_spending.NO_ANALYSIS)


def window_blocks(window: Window, target: Target) -> list[e_process.Block]:
    """The window in blocks of time; a session that fails repeatedly counts once, at its first failure."""
    failing = cluster_counts.failing_times(window, target)
    identities = failing_records.identities(trace_id for _, trace_id in failing)
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    newest_first = [(identities[trace_id].session_id, start // size) for start, trace_id in failing]
    counts_by_block = cluster_counts.cluster_stretches(window, target)
    exposure = {block: counts.exposure for block, counts in counts_by_block.items()}
    # dict() keeps the last value of a key: the block of each session's earliest failure.
    return e_process.blocks_in_order(exposure, dict(newest_first).values())


def held_fix_reason(verdict: str, held: Counts, since: Counts, allowed_rate: float) -> str:
    """The verdict in one sentence."""
    if not since.exposure:
        return reasons.nothing_since(held)
    conclusion = {
        "regressed": f"more than the {percent(allowed_rate)} that its verdict allows",
        "held": "too few to say that it is back" if since.failures else "it has not come back",
    }[verdict]
    return reasons.capitalised(f"{reasons.counts_sentence(since)} since the fix held: {conclusion}.")
