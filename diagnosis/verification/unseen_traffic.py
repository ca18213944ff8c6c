"""
What a verification does not see: spans that came in the hours of its window after the fix and may not be in it, and
those that the project's quota has no room for, although a verdict needs them.

The room is compared with an estimate: as many spans for each record that counts as there were before the fix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnosis.display.quantities import counted
from diagnosis.verification.comparison import Comparison
from diagnosis.window import exposure, unseen
from diagnosis.window.shared_reads import shared
from telemetry.ledger import MissingSpans, missing_in
from telemetry.reads import totals
from telemetry.store.tallies import quota_used
from telemetry.windows import Window
from tenants.models import Project

TOO_SMALL = (
    "The project's quota has room for {left}, and about {needed} are needed for a verdict: ask the operator for more "
    "spans (/contact.json), or send those of this operation alone."
)


def shown(project: Project, comparison: Comparison) -> dict[str, Any]:
    """The fields of a verification's document, read from the bound project."""
    missing = read_missing(comparison.after.window)
    left = None if project.quota_spans is None else max(0, project.quota_spans - read_quota_used())
    needed = None if left is None else spans_needed(comparison)
    return {
        "unseen": unseen.as_documents(missing),
        "unseen_note": unseen.sentence(missing) or None,
        "quota_left": left,
        "quota_needed": needed,
        "quota_note": quota_note(left, needed) or None,
    }


@shared
def read_missing(window: Window) -> Sequence[MissingSpans]:
    """What came in the hours of the window and may not be in it."""
    return missing_in(window)


@shared
def read_quota_used() -> int:
    """The spans of the bound project's quota that are used."""
    return quota_used(totals.by_outcome())


def spans_needed(comparison: Comparison) -> int | None:
    """About how many spans are still needed for a verdict; None if none would do, or nothing ran before the fix."""
    before, missing = comparison.before, comparison.judgement.needed
    if missing is None or not before.counts.exposure:
        return None
    records = max(exposure.records_in(before.window), before.counts.exposure)
    return -(-missing * records // before.counts.exposure)


def quota_note(left: int | None, needed: int | None) -> str:
    """The sentence on a quota that is too small for a verdict, or ""."""
    if left is None or not needed or needed <= left:
        return ""
    return TOO_SMALL.format(left=counted(left, "more span"), needed=f"{needed:,}")
