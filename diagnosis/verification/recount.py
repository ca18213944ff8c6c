"""
Count a fix's baseline again, once its cluster has other records than when the fix shipped, or if an earlier version
counted it otherwise.

The windows stay as they were; their records have new fingerprints. The rate that a verdict of `held` allows is a share
of the rate before the fix, in the window that the verdict names.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.loops import lifecycle
from diagnosis.loops.states import VERIFIABLE
from diagnosis.models import Loop, Verification
from diagnosis.verification import baseline, held_fix, reasons
from diagnosis.verification.baseline import ComparedWindow
from diagnosis.window import cluster_counts
from telemetry.grouping.fingerprint import cluster_id
from telemetry.windows import Window


def recounted(loop: Loop, number: int) -> dict[str, Any] | None:
    """The loop's baseline for the cluster with this fingerprint, counted in the bound project's store."""
    if not loop.baseline or loop.state not in VERIFIABLE or loop.signal_type in WINDOW_RULES.signals:
        return loop.baseline
    moved_loop, side = copy(loop), ComparedWindow.from_document(loop.baseline)
    moved_loop.cluster_id = cluster_id(number)
    if loop.state == Loop.State.HELD:
        return since_it_held(moved_loop, side).as_document()
    return counted_side(moved_loop, side, side.window).as_document()


def as_counted_now(loop: Loop, side: ComparedWindow) -> ComparedWindow:
    """The side; counted again if an earlier version counted it otherwise, and its records are stored."""
    counted = baseline.what_is_counted(loop)
    if side.counted == counted:
        return side
    is_of_rule = loop.signal_type in WINDOW_RULES.signals
    if is_of_rule and loop.signal_type not in WINDOW_RULES.over_runs:
        return replace(side, counted=counted)  # what these count is the same in all versions
    has_held = loop.state == Loop.State.HELD and not is_of_rule
    again = since_it_held(loop, side) if has_held else counted_side(loop, side, side.window)
    return again if again.counts.exposure else side


def counted_side(
    loop: Loop, side: ComparedWindow, window: Window, without: frozenset[str] = frozenset()
) -> ComparedWindow:
    """The side with its loop's cluster counted now, in that window."""
    operations = cluster_counts.failing_operations(window, lifecycle.loop_fingerprint(loop))
    target = baseline.target(loop, operations, without)
    counts, sibling_failures = (
        baseline.count_cluster(loop, window, target),
        cluster_counts.other_clusters(window, target),
    )
    return replace(
        side,
        window=window,
        observed=counts,
        counted=baseline.what_is_counted(loop),
        operations=operations,
        others=sibling_failures,
        environments=baseline.count_environments(loop, window, target),
    )


def since_it_held(loop: Loop, side: ComparedWindow) -> ComparedWindow:
    """The window in which the fix held, with the rate that the verdict allows the loop's cluster."""
    verification = held_verification(loop)
    if verification is None:
        return side
    before = counted_side(loop, side, Window.from_document(verification.document["before"]["window"]))
    target = baseline.target(loop, before.operations, unfixed_releases(verification.document))
    counts = baseline.count_cluster(loop, side.window, target)
    counted = replace(
        side,
        observed=counts,
        counted=reasons.FAILURES,
        operations=before.operations,
        environments=baseline.count_environments(loop, side.window, target),
    )
    return held_fix.once_held(loop, before, counted)


def held_verification(loop: Loop) -> Verification | None:
    """The verification in which the loop's fix held, or None."""
    window_end = loop.baseline and loop.baseline["window"]["end"]
    held = loop.verifications.filter(verdict=Verification.Verdict.HELD)
    return held.filter(document__after__window__end=window_end).first()


def unfixed_releases(document: Mapping[str, Any]) -> frozenset[str]:
    """The releases that did not count in this verification. Those of earlier versions have names alone."""
    left_out = document.get("left_out")
    if left_out is None:
        return frozenset(document.get("releases_left_out") or [])
    return frozenset(one["release"] or "" for one in left_out)
