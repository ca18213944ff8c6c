"""How much of its window a packet has: clusters that it leaves out, records that could not be read, spans it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnosis.display.quantities import counted
from diagnosis.issues.findings import Findings
from diagnosis.loops import next_action
from diagnosis.window import unseen
from telemetry.ledger import MissingSpans
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
    gaps = [*left_out_notes(findings), *unreadable_notes(unreadable)]
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


def unreadable_notes(unreadable: UnreadableParts) -> list[str]:
    """The sentence about records of which a part could not be read, if there are any."""
    if not unreadable.records:
        return []
    return [
        f"{counted(unreadable.records, 'record')} could not be read whole, since the project's file is damaged; "
        "`missing` has the number of records by the part that they lack."
    ]
