"""How much of its window a packet has: clusters that it leaves out, records that could not be read, spans it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnosis.display.quantities import counted
from diagnosis.issues.findings import Findings
from diagnosis.loops import next_action
from diagnosis.window import unseen
from telemetry.ledger import MissingSpans
from telemetry.reads.visits.unjudged_runs import UnjudgedRuns
from telemetry.store.runs.kept_runs import MOST_RECORDS
from telemetry.store.unreadable_parts import UnreadableParts

WHOLE = "Every record was counted, and every cluster that was found is here."


def shown(
    findings: Findings, unproposed: int, unreadable: UnreadableParts, missing: Sequence[MissingSpans]
) -> dict[str, Any]:
    """
    The packet's `completeness`.

    Args:
        unproposed: the number of its issues without a loop.
        missing: what came in the hours of its window and may not be in it.
    """
    gaps = [
        *left_out_notes(findings),
        *sampled_notes(findings),
        *unjudged_notes(findings.unjudged),
        *unreadable_notes(unreadable),
    ]
    gaps += [sentence] if (sentence := unseen.sentence(missing)) else []
    notes = [*(gaps or [WHOLE]), *([next_action.unproposed_note(unproposed)] if unproposed else [])]
    return {
        "records_read": findings.telemetry_read,
        "complete": not gaps,
        "note": " ".join(notes),
        "unseen": unseen.as_documents(missing),
        **({"missing": unreadable.counts} if unreadable.records else {}),
    }


def left_out_notes(findings: Findings) -> list[str]:
    """The sentences about clusters that are not in the packet."""
    notes = []
    if left_out := findings.left_out:
        clusters = f"{counted(left_out, 'smaller cluster')} {'is' if left_out == 1 else 'are'}"
        notes.append(f"{clusters} left out; narrow the window to see all.")
    if findings.unstored:
        notes.append(
            f"{counted(findings.unstored, 'cluster')} left out: its records are not stored any more."
        )
    return notes


def sampled_notes(findings: Findings) -> list[str]:
    """The sentences about what was read of a sample in place of everything."""
    notes = []
    if findings.samples:
        read = sum(len(sample.trace_ids) for sample in findings.samples)
        of = counted(sum(sample.of for sample in findings.samples), "trace")
        notes.append(
            f"Slow operations and missing calls were looked for in a sample of {read:,} of {of} of this window and the "
            "one before."
        )
    if any(hint.shown()["sampled"] for issue in findings.issues for hint in issue.hints):
        notes.append("Hints with `sampled` are estimates from a sample of the records.")
    return notes


def unjudged_notes(unjudged: UnjudgedRuns) -> list[str]:
    """The sentences about runs of agents whose failures are not known."""
    notes = []
    if unjudged.too_long:
        are = "is" if unjudged.too_long == 1 else "are"
        notes.append(
            f"{counted(unjudged.too_long, 'trace')} with more than {MOST_RECORDS:,} records {are} not looked at whole "
            "for repeated calls and unfounded answers."
        )
    if unjudged.pending:
        wait = "waits" if unjudged.pending == 1 else "wait"
        notes.append(
            f"{counted(unjudged.pending, 'trace')} of an earlier version still {wait} to be looked at for repeated "
            "calls and unfounded answers, which `manage.py prepare` does."
        )
    return notes


def unreadable_notes(unreadable: UnreadableParts) -> list[str]:
    """The sentence about records of which a part could not be read, if there are any."""
    if not unreadable.records:
        return []
    return [
        f"{counted(unreadable.records, 'record')} could not be read whole, since the project's file is damaged; "
        "`missing` has the number of records by the part that they lack."
    ]
