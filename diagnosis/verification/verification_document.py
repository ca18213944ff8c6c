"""The JSON document of a verification: the verdict, its numbers, what is still needed, and the sessions."""

from __future__ import annotations

import math
from typing import Any

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import counted, length_of_time
from diagnosis.display.sentences import Sentence, beside, filled
from diagnosis.loops import next_action
from diagnosis.models import Loop
from diagnosis.side_effects import shown as side_effects
from diagnosis.side_effects.linked import find_side_effects
from diagnosis.statistics.overdispersion import Overdispersion, estimate_overdispersion
from diagnosis.statistics.rates import Counts, Ratio
from diagnosis.verification import by_environment, trajectory, unseen_traffic
from diagnosis.verification.comparison import Comparison
from diagnosis.verification.fix_in_place import fix_in_place
from diagnosis.verification.rate_verdict import Exceeded, Judgement
from diagnosis.verification.way_on import is_pace_awaited, way_on
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import LeftOut

UNLIKELY = 3.0  # failures that are to be expected; none comes with a chance of e^-3, 5 %
EVIDENCE = 5  # failing records after the fix that are named
NEEDED = "about <more> of {operation}"
NEEDED_FAST = f"{NEEDED} that are not slow"
WITHOUT = " without a failure"
WITHOUT_WHERE = f"{WITHOUT} in environments where it failed before"
NEEDED_WITHOUT_FAILURE = f"{NEEDED}{WITHOUT}"
NEEDED_UNLIKELY = f"another fix, or {NEEDED_WITHOUT_FAILURE}, which is unlikely at the rate since this one"
NEEDED_AS_SLOW = f"{NEEDED} that are as slow as since the fix held, to say that it is back"
NEEDED_OVER = f"{NEEDED_WITHOUT_FAILURE}, over <time> or more"  # one burst can fill less
PACE_AWAITED = "; whether so many come in 30 days is known once it ran for a day"
NEEDED_AS_OFTEN = f"{NEEDED} with failures as often as since the fix held, to say that it is back"


def answer_document(loop: Loop, comparison: Comparison) -> dict[str, Any]:
    """
    The JSON document of the comparison, of what else came with the fix and of what is not seen, read from the bound
    project.
    """
    document = comparison_document(loop, comparison) | unseen_traffic.shown(loop.project, comparison)
    no_wait = way_on(loop, comparison)
    document |= {"way_on": no_wait or None, "instead": next_action.instead_of(no_wait, loop) or None}
    production = loop.project.production_environments
    document |= by_environment.shown(comparison.before, comparison.after, production)
    fix = fix_in_place(loop, comparison)
    document |= side_effects.shown(loop.project, find_side_effects(fix), fix.after)
    loud = side_effects.sentence(document)
    return document | ({"reason": f"{loud} {document['reason']}"} if loud else {})


def comparison_document(loop: Loop, comparison: Comparison) -> dict[str, Any]:
    """The JSON document of what was compared, read from the bound project."""
    judgement, before, after = comparison.judgement, comparison.before, comparison.after
    template = needed_template(loop, comparison)
    needed = evidence_needed(judgement.needed, loop.operation, loop.signal_type, template, judgement.minutes)
    note = comparison.releases.note
    return {
        "verdict": judgement.verdict,
        "reason": judgement.reason,
        "needed": needed.text,
        "needed_exposure": judgement.needed,
        "service": loop.service,
        "operation": loop.operation,
        "before": before.shown(),
        "after": after.shown(),
        "expected_failures": comparison.expected_failures,
        "ratio": ratio_shown(judgement.ratio),
        "ratio_of": judgement.exceeded and exceeded_shown(judgement.exceeded),
        "confidence": 1 - judgement.tails.low - judgement.tails.high,
        "look": {"number": judgement.analysis.number, "information": judgement.analysis.information},
        "spread": spread_shown(estimate_overdispersion(before.observed, after.observed)),
        "release": loop.release or None,
        "release_note": note.text or None,
        "releases_left_out": sorted(one.release for one in comparison.left_out if one.release),
        "left_out": [left_out_shown(one) for one in comparison.left_out],
        "regressed_in": comparison.regressed_in or None,
        "moved_to": [sibling.shown() for sibling in comparison.moved_to],
        "evidence_ids": cluster_counts.newest_record_ids(after.window, comparison.target, EVIDENCE),
        "trajectory": trajectories(loop, comparison),
    } | beside(needed, note)


def trajectories(loop: Loop, comparison: Comparison) -> dict[str, Any]:
    """The sessions in which the service ran before and after, in the releases that are compared."""
    is_held = loop.state == Loop.State.HELD  # then the window before is one since the fix, too
    without = comparison.releases.left_out
    sides = {
        "before": (comparison.before, without if is_held else frozenset()),
        "after": (comparison.after, without),
    }
    return {
        name: trajectory.read_trajectory(side.window, loop.service, left_out)
        for name, (side, left_out) in sides.items()
    }


def left_out_shown(left_out: LeftOut) -> dict[str, Any]:
    """The records of a release that do not count, as API answers show them."""
    return left_out._asdict() | {"release": left_out.release or None}


def spread_shown(overdispersion: Overdispersion) -> dict[str, float]:
    """How failures come together, as API answers show it."""
    return {
        "design_effect": overdispersion.design_effect,
        "burst_variance": overdispersion.burst_variance,
    }


def ratio_shown(ratio: Ratio) -> dict[str, float | None]:
    """The ratio as API answers show it; an infinite bound is None."""
    high = ratio.high if math.isfinite(ratio.high) else None
    return {"estimate": ratio.estimate, "low": ratio.low, "high": high}


def exceeded_shown(exceeded: Exceeded) -> dict[str, Any]:
    """What the ratio compares the shares of, where it is not that of failures, as API answers show it."""
    sides = {"before": exceeded.before, "after": exceeded.after}
    return {
        "quantile": exceeded.quantile,
        "above_ms": round(exceeded.above_ms, 6),
        **{name: {"failures": side.failures, "exposure": side.exposure} for name, side in sides.items()},
    }


def evidence_needed(
    records: int | None, operation: str, signal_type: str, template: str, minutes: int = 0
) -> Sentence:
    """
    `about 340 more records of {operation} without a failure`; "" if none are needed or none would help.

    Args:
        minutes: over which they have to come at least; 0: any time will do.
    """
    if not records:
        return Sentence("")
    step = 10 ** max(0, len(str(records)) - 2)
    rounded = -(-records // step) * step  # up, to two digits
    noun = "trace" if signal_type in WINDOW_RULES.by_visits else "record"
    time = length_of_time(minutes * 60)
    return Sentence(
        filled(template, more=counted(rounded, f"more {noun}"), time=time), {"operation": operation}
    )


def without_failure(signal_type: str) -> str:
    """The template of what is needed for a verdict of `held`."""
    return NEEDED_FAST if signal_type in WINDOW_RULES.by_durations else NEEDED_WITHOUT_FAILURE


def needed_template(loop: Loop, comparison: Comparison) -> str:
    """The template of what is needed for the next verdict."""
    counts = comparison.judged
    template = template_of_all(loop, comparison.judgement, counts.after)
    template += PACE_AWAITED if is_pace_awaited(loop, comparison) else ""
    return template.replace(WITHOUT, WITHOUT_WHERE) if counts.is_partial else template


def template_of_all(loop: Loop, judgement: Judgement, after: Counts) -> str:
    """The template where every record of the operation counts."""
    is_of_durations = loop.signal_type in WINDOW_RULES.by_durations
    if loop.state == Loop.State.HELD:
        return NEEDED_AS_SLOW if is_of_durations else NEEDED_AS_OFTEN
    if not is_of_durations and (after.rate or 0.0) * (judgement.needed or 0) >= UNLIKELY:
        return NEEDED_UNLIKELY
    return NEEDED_OVER if judgement.minutes else without_failure(loop.signal_type)


def shown_document(document: dict[str, Any], signal_type: str) -> dict[str, Any]:
    """The stored document as it is shown: `needed` of earlier versions has the operation in its sentence."""
    if not document.get("needed") or "with" in document:
        return document
    records, operation = document.get("needed_exposure"), document.get("operation") or ""
    needed = evidence_needed(records, operation, signal_type, without_failure(signal_type))
    return document | {"needed": needed.text} | beside(needed)
