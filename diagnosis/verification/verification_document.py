"""The JSON document of a verification: the verdict, its numbers, what is still needed, and the sessions."""

from __future__ import annotations

import math
from typing import Any

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import counted
from diagnosis.models import Loop
from diagnosis.statistics.overdispersion import estimate_overdispersion
from diagnosis.statistics.rates import Ratio
from diagnosis.verification import trajectory
from diagnosis.verification.comparison import Comparison
from diagnosis.verification.rate_verdict import expected_failures
from diagnosis.window import cluster_counts

EVIDENCE = 5  # failing records after the fix that are named


def answer_document(loop: Loop, comparison: Comparison) -> dict[str, Any]:
    """The JSON document of the comparison, read from the bound project."""
    judgement, before, after = comparison.judgement, comparison.before, comparison.after
    overdispersion = estimate_overdispersion(before.observed, after.observed)
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "needed": evidence_needed(judgement.needed, loop.operation, loop.signal_type),
        "needed_exposure": judgement.needed,
        "service": loop.service,
        "operation": loop.operation,
        "before": before.shown(),
        "after": after.shown(),
        "expected_failures": expected_failures(before.counts, after.counts),
        "ratio": ratio_shown(judgement.ratio),
        "confidence": 1 - judgement.tails.low - judgement.tails.high,
        "look": {"number": judgement.analysis.number, "information": judgement.analysis.information},
        "spread": {
            "design_effect": overdispersion.design_effect,
            "burst_variance": overdispersion.burst_variance,
        },
        "release": loop.release or None,
        "releases_left_out": sorted(comparison.target.without_releases),
        "moved_to": [sibling.shown() for sibling in comparison.moved_to],
        "evidence_ids": cluster_counts.newest_record_ids(after.window, comparison.target, EVIDENCE),
        "trajectory": {
            "before": trajectory.read_trajectory(before.window, loop.service),
            "after": trajectory.read_trajectory(after.window, loop.service),
        },
    }


def ratio_shown(ratio: Ratio) -> dict[str, float | None]:
    """The ratio as API answers show it; an infinite bound is None."""
    high = ratio.high if math.isfinite(ratio.high) else None
    return {"estimate": ratio.estimate, "low": ratio.low, "high": high}


def evidence_needed(records: int | None, operation: str, signal_type: str = "") -> str:
    """`about 340 more records of POST /orders without a failure`; "" if none are needed or none would help."""
    if not records:
        return ""
    step = 10 ** max(0, len(str(records)) - 2)
    rounded = -(-records // step) * step  # up, to two digits
    noun = "trace" if signal_type in WINDOW_RULES.by_visits else "record"
    more = f"about {counted(rounded, f'more {noun}')} of {operation}"
    return more if signal_type in WINDOW_RULES.by_durations else f"{more} without a failure"
