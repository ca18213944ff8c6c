"""
What a fix is measured against, counted again once its cluster holds other records than when it shipped.

The windows stay; the records in them have their new fingerprints. What a verdict of `held` allows is a share of the
rate before the fix, in the window that the verdict names.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from diagnosis.detection.rules import RULES
from diagnosis.loops import lifecycle
from diagnosis.loops.states import VERIFIABLE
from diagnosis.models import Loop, Verification
from diagnosis.verification import baseline
from diagnosis.verification.baseline import Side
from diagnosis.verification.rate_verdict import NEARLY_GONE
from diagnosis.window import cluster_counts
from telemetry.grouping.fingerprint import cluster_id
from telemetry.windows import Window


def recounted(loop: Loop, number: int) -> dict[str, Any] | None:
    """The loop's baseline for the cluster that it is to follow, from the bound project's store."""
    if not loop.baseline or loop.state not in VERIFIABLE or loop.signal_type in RULES.signals:
        return loop.baseline
    followed, kept = copy(loop), Side.read(loop.baseline)
    followed.cluster_id = cluster_id(number)
    if loop.state == Loop.State.HELD:
        return since_it_held(followed, kept).kept()
    return counted(followed, kept, kept.window).kept()


def counted(loop: Loop, kept: Side, window: Window, without: frozenset[str] = frozenset()) -> Side:
    """The side as it is now in that window."""
    failed = cluster_counts.operations(window, lifecycle.fingerprint(loop))
    target = baseline.target(loop, failed, without)
    found, others = baseline.count(loop, window, target), cluster_counts.others(window, target)
    return replace(kept, window=window, observed=found, operations=failed, others=others)


def since_it_held(loop: Loop, kept: Side) -> Side:
    """The window in which the fix held, with the rate that the verdict allows the loop's cluster."""
    ended = loop.baseline and loop.baseline["window"]["end"]
    verdicts = loop.verifications.filter(
        verdict=Verification.Verdict.HELD, document__after__window__end=ended
    )
    told = verdicts.first()
    if told is None:
        return kept
    before = counted(loop, kept, Window.from_document(told.document["before"]["window"]))
    target = baseline.target(loop, before.operations, frozenset(told.document["releases_left_out"]))
    found = baseline.count(loop, kept.window, target)
    rate = NEARLY_GONE * (before.counts.rate or 0.0)
    return replace(kept, observed=found, operations=before.operations, allowed_rate=rate)
