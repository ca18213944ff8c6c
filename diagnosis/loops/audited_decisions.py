"""
Comparison of decisions with their entries in the audit log, which show what was decided, by whom, when and why.

A decision and its content hash could be edited together where they are stored, and the row of a later one removed.
Entries cannot be, without breaking the chain of keyed hashes: docs/audit.md#what-it-can-prove. So the last entries
about a loop, of decisions and of what ended an approval, must be those of the approvals that count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from diagnosis.models import Decision, Loop
from telemetry.grouping.fingerprint import of_cluster_id
from tenants.audit import audit_log, lookup
from tenants.models import AuditEntry, Project

MOVING = (audit_log.AuditEvent.DECIDED, audit_log.AuditEvent.ENDED)  # events about a loop
ASK_THE_LOG = "run manage.py verify_audit, then restore what is missing, or have it decided again"
PARTS = {
    "verb": "its verb",
    "reason": "its reason",
    "packet_id": "its packet",
    "content_hash": "its content hash",
    "content_version": "the version of its content hash",
    "revision": "its revision",
    "is_first_of_two": "whether it is the first of two",
    "proposed_again_at_times": "when the failure comes back",
    "numbers": "its numbers",  # in entries of this release and later
}
CLUSTER_CHANGED = "the cluster id of the loop was changed"


def audit_entries(decisions: Iterable[Decision]) -> dict[int, AuditEntry]:
    """The intact audit entry of each decision that has one, by the decision's primary key."""
    decisions = list(decisions)
    unnumbered = [target(decision) for decision in decisions if decision.audit_sequence is None]
    numbers = {decision.audit_sequence for decision in decisions if decision.audit_sequence is not None}
    if unnumbered:
        numbers |= set(chain.from_iterable(lookup.numbers_about(MOVING, unnumbered).values()))
    intact = lookup.intact_entries(numbers)
    by_subject = {(entry.target, entry.detail.get("revision")): entry for entry in intact.values()}
    found = {decision.pk: by_subject.get((target(decision), decision.revision)) for decision in decisions}
    return {pk: entry for pk, entry in found.items() if entry is not None}


def target(decision: Decision) -> str:
    """The loop of the decision, as the audit log names it."""
    return f"loop:{decision.loop_id}"


def numbers_about(loops: Iterable[Loop]) -> dict[str, list[int]]:
    """The numbers of all entries about each of these loops, by loop id. People make them: a few for each loop."""
    about = lookup.numbers_about(MOVING, [f"loop:{loop.pk}" for loop in loops])
    return {name.removeprefix("loop:"): numbers for name, numbers in about.items()}


def later_entries(
    approvals: Sequence[Decision], entries: Mapping[int, AuditEntry], about: Sequence[int]
) -> list[str]:
    """
    What the log says of the loop since these approvals of it, which no row says, in words; empty if it says nothing.

    Args:
        about: the numbers of all entries about the loop.
    """
    known = {entries[approval.pk].sequence for approval in approvals if approval.pk in entries}
    later = [number for number in about if known and number > min(known) and number not in known]
    return (
        [f"entry {later[-1]} of the audit log about it has no row any more: {ASK_THE_LOG}"] if later else []
    )


def lost_entries(approval: Decision) -> list[str]:
    """Whether the log lost an entry since this approval, which may be one about it, in words; empty if it is whole."""
    entry = audit_entries([approval]).get(approval.pk)
    if entry is None or lookup.is_whole_since(entry.sequence):
        return []
    return [f"the audit log lost an entry that came later: {ASK_THE_LOG}"]


def edited_entries(approval: Decision) -> list[str]:
    """Whether an entry since this approval, which may have been one about it, was edited, in words. Reads them."""
    entry = audit_entries([approval]).get(approval.pk)
    if entry is None or lookup.are_intact_since(entry.sequence):
        return []
    return [f"an entry of the audit log that came later was edited: {ASK_THE_LOG}"]


def changes_since_audited(decision: Decision, entry: AuditEntry | None) -> list[str]:
    """The parts of the decision that are not what its audit entry says, in words; empty if it is as it was made."""
    if entry is None:
        return ["the audit log has no such decision, or its entry cannot be verified"]
    stored = values_of(decision)
    changed = [words for name, words in PARTS.items() if entry.detail.get(name, stored[name]) != stored[name]]
    if entry.at != decision.decided_at:
        changed.append("its time")
    if not is_by_same_person(decision, entry):
        changed.append("who made it")
    return [f"{words} was changed" for words in changed]


def audit_clusters(
    project: Project, by: audit_log.Actor, now: datetime, clusters: Mapping[str, Mapping[str, str]]
) -> None:
    """Append an entry that loops, by their ids, have another cluster id `after` than `before`."""
    audit_log.append_entry(
        audit_log.AuditEvent.CHANGED, f"project:{project.pk}", by, now, project.tenant_id, clusters=clusters
    )


def cluster_moves(project_ids: Iterable[str]) -> list[AuditEntry]:
    """The intact entries of `audit_clusters` about these projects, in their order."""
    targets = [f"project:{project_id}" for project_id in project_ids]
    numbers = lookup.numbers_about([audit_log.AuditEvent.CHANGED], targets).values()
    intact = lookup.intact_entries(chain.from_iterable(numbers))
    return [intact[number] for number in sorted(intact) if "clusters" in intact[number].detail]


def cluster_changes(loop: Loop, entry: AuditEntry | None, moves: Iterable[AuditEntry]) -> list[str]:
    """
    Whether the loop has another cluster id than the log says, in words; empty if not.

    Args:
        entry: of the approval. Those of earlier releases lack the cluster id: then it must only have the form of one.
        moves: `cluster_moves` of its project.
    """
    if of_cluster_id(loop.cluster_id) is None:
        return [CLUSTER_CHANGED]
    if entry is None or "cluster_id" not in entry.detail:
        return []
    logged = entry.detail["cluster_id"]
    for move in moves:
        if move.sequence > entry.sequence:
            logged = move.detail["clusters"].get(loop.pk, {}).get("after", logged)
    return [] if loop.cluster_id == logged else [CLUSTER_CHANGED]


def values_of(decision: Decision) -> dict[str, Any]:
    """The decision's values by the names that its audit entry has for them."""
    return {
        "verb": decision.verb,
        "reason": decision.reason,
        "packet_id": decision.packet_id,
        "content_hash": decision.content_hash,
        "content_version": decision.content_version,
        "revision": decision.revision,
        "is_first_of_two": decision.is_first,
        "proposed_again_at_times": decision.times,
        "numbers": decision.numbers,
    }


def read_sealed_numbers(rejections: Collection[Decision]) -> None:
    """Set what growth is measured against, in memory, to what the log says; a rejection without an entry keeps its."""
    entries = audit_entries(rejections) if rejections else {}
    for rejection in rejections:
        detail = entries[rejection.pk].detail if rejection.pk in entries else {}
        rejection.times = detail.get("proposed_again_at_times", rejection.times)
        rejection.numbers = detail.get("numbers", rejection.numbers)


def is_by_same_person(decision: Decision, entry: AuditEntry) -> bool:
    """Whether the entry names the person of the decision: by id, in earlier entries by the name of that time."""
    if "user_id" in entry.detail:
        return bool(entry.detail["user_id"] == decision.decided_by_id)
    return entry.actor == audit_log.person(decision.decided_by)


def name_at_decision(decision: Decision, entry: AuditEntry | None) -> str:
    """The name that the person had when they decided, which may have been changed since."""
    return entry.actor.removeprefix("user:") if entry else decision.decided_by.get_username()
