"""
The content that a decision binds to, as one SHA-256: issue, plan, records of the evidence, eval, earlier fixes.

The hash is over the canonical JSON of the hashes of the parts, so that the part that changed can be named:
docs/approval.md#what-an-approval-binds-to. Canonical: keys sorted, no spaces, ASCII, as Python's json writes it
(https://docs.python.org/3/library/json.html), which unlike RFC 8785 keeps integers of any size.

A version, one function each in CONTENT_VERSIONS, defines what is hashed. A decision keeps its version and is checked by
it for good, so a new version is a new entry, and no entry is ever changed. What is stored is hashed, by name, and never
a text that a template makes of it: another wording in a later release is no other content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diagnosis.loops.content_words import part_changed, part_name, several
from diagnosis.loops.fixes import fixes_decided_on
from diagnosis.models import Decision, EvalCandidate, Loop
from telemetry.reads.digests import UNREADABLE, DigestedRecord, digested_records
from tenants.stores.binding import bind

# Keys of an issue that are not hashed: the live state of its loop, and the cluster id, which a switch of fingerprints
# changes.
LIVE_FIELDS = frozenset({"loop_id", "status", "next_action", "approval", "cluster_id"})
# Columns of a record that version 2 covers: those that answers show, but the cluster, which a switch of fingerprints
# changes. The other columns say where the bytes of the span are, and the digest covers these.
COLUMNS_2 = (
    "parent_span_id", "start_time_unix_nano", "duration_nano", "name", "kind", "status_code", "operation", "service",
    "environment", "release", "agent", "tool", "model", "input_tokens", "output_tokens", "signal_type", "severity",
    "failure_message",
)  # fmt: skip
DAMAGED = "a part cannot be read in the project's file"
# In version 1: {"issue": hash, "eval": hash or None, "evidence": {record id: digest or None}}.
Parts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredContent:
    """All content that a decision can cover, as it is stored at one moment."""

    issue: dict[str, Any]
    eval_document: dict[str, Any] | None
    records: dict[str, DigestedRecord | None]  # that the issue names; None: not stored
    fixes: tuple[dict[str, Any], ...] = ()  # that shipped before the decision, as answers show them

    @property
    def missing(self) -> list[str]:
        """The parts that the issue names and that cannot be read, in words; empty if nothing is missing."""
        absent = [record_id for record_id, record in self.records.items() if record is None]
        eval_is_absent = self.eval_document is None and self.issue.get("eval_candidate")
        return [
            *(["the eval is not stored any more"] if eval_is_absent else []),
            *([f"{several(absent)} not stored any more"] if absent else []),
            *self.unreadable_in_words,
        ]

    @property
    def unreadable(self) -> list[str]:
        """The ids of the records that are stored, and of which a part cannot be read."""
        return [
            record_id for record_id, record in self.records.items() if record and record.digest == UNREADABLE
        ]

    @property
    def unreadable_in_words(self) -> list[str]:
        """Which of the records cannot be read, in words; empty if all of them can."""
        names = self.unreadable
        return [f"{several(names)} not what was seen or sent, since {DAMAGED}"] if names else []

    def parts(self, version: int) -> Parts:
        """The hashes of the parts by the rule of this version."""
        return CONTENT_VERSIONS[version](self)


def issue_eval_evidence(stored: StoredContent) -> Parts:
    """The parts of version 1: issue, eval and evidence."""
    return {
        "issue": hashed(lasting(stored.issue)),
        "eval": hashed(lasting(stored.eval_document)) if stored.eval_document is not None else None,
        "evidence": {
            record_id: record.digest if record else None for record_id, record in stored.records.items()
        },
    }


def all_that_is_given_out(stored: StoredContent) -> Parts:
    """The parts of version 2: also the columns of the records; the plan has a hash of its own, to be named."""
    issue = lasting(stored.issue)
    return issue_eval_evidence(stored) | {
        "plan": hashed(issue.pop("patch_plan", None)),
        "issue": hashed(issue),
        "evidence": {
            record_id: hashed(facts_2(record)) if record else None
            for record_id, record in stored.records.items()
        },
    }


def facts_2(record: DigestedRecord) -> dict[str, Any]:
    """The facts of a record that version 2 covers."""
    facts = {name: record.columns[name] for name in COLUMNS_2}
    return facts | {"stored": record.digest, "failed": record.columns["fingerprint"] is not None}


def with_earlier_fixes(stored: StoredContent) -> Parts:
    """The parts of version 3: also the fixes of the loop that shipped before the decision, and what became of them."""
    return all_that_is_given_out(stored) | {"fixes": hashed(stored.fixes)}


CONTENT_VERSIONS: dict[int, Callable[[StoredContent], Parts]] = {
    1: issue_eval_evidence,
    2: all_that_is_given_out,
    3: with_earlier_fixes,
}
CURRENT_VERSION = 3  # of new decisions
WITH_FIXES = 3  # the first version that covers earlier fixes
ONLY_STORED_BYTES = 1  # the version that covers no columns of records


def stored_content(loop: Loop, issue: dict[str, Any]) -> StoredContent:
    """All content that a decision on the issue covers, as it is stored now."""
    return stored_contents([(loop, issue)])[0]


def stored_contents(subjects: Sequence[tuple[Loop, dict[str, Any]]]) -> list[StoredContent]:
    """`stored_content` of several loops of one project, in a few queries."""
    if not subjects:
        return []
    project = subjects[0][0].project
    record_ids = [record_id for _, issue in subjects for record_id in evidence_ids(issue)]
    with bind(project):
        records = digested_records(record_ids)
    eval_ids = [issue.get("eval_candidate") or "" for _, issue in subjects]
    evals = dict(
        EvalCandidate.objects.filter(project=project, eval_id__in=eval_ids).values_list("eval_id", "document")
    )
    fixes = fixes_decided_on([loop for loop, _ in subjects])
    return [
        StoredContent(
            issue,
            evals.get(eval_id),
            {record_id: records.get(record_id) for record_id in evidence_ids(issue)},
            tuple(fix.shown() for fix in fixes[loop.pk]),
        )
        for (loop, issue), eval_id in zip(subjects, eval_ids, strict=True)
    ]


def lasting(document: dict[str, Any]) -> dict[str, Any]:
    """An issue or an eval without the keys that are not hashed."""
    return {name: value for name, value in document.items() if name not in LIVE_FIELDS}


def is_same_issue(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether these are the same issue, whatever the live state of its loop."""
    return hashed(lasting(one)) == hashed(lasting(other))


def evidence_ids(issue: dict[str, Any]) -> list[str]:
    """The ids of the records that the issue names."""
    return [str(record_id) for record_id in issue.get("evidence_ids") or []]


def hashed(value: Any) -> str:
    """The SHA-256 of the value as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def changes_since(decision: Decision, stored: StoredContent) -> list[str]:
    """
    The parts that changed since the decision, in words, by the decision's version; empty if it still holds.

    A record that cannot be read counts as changed, since nobody can tell.
    """
    version = decision.content_version
    if not decision.content:
        return ["it was made before decisions had a hash of their content"]
    if hashed(decision.content) != decision.content_hash:
        return ["the hash of its content was changed"]
    if version not in CONTENT_VERSIONS:
        return [f"its content has version {version}, which only a later release of LoopKit can check"]
    if stored.unreadable:
        return stored.unreadable_in_words
    parts = as_decided(stored, decision).parts(version)
    if decision.content.keys() != parts.keys() or not isinstance(decision.content["evidence"], dict):
        return ["its content has not the parts of its version"]
    return changed_parts(decision.content, parts)


def as_decided(stored: StoredContent, decision: Decision) -> StoredContent:
    """The content with each record in the version that was decided on, if log records joined it since."""
    records = {
        record_id: version_decided_on(record, decision, record_id)
        for record_id, record in stored.records.items()
    }
    return replace(stored, records=records)


def version_decided_on(
    record: DigestedRecord | None, decision: Decision, record_id: str
) -> DigestedRecord | None:
    """The version of the record that was decided on; the record as it is now if none of them was."""
    digests = decision.content.get("evidence") if record and record.earlier else None
    if record is None or not isinstance(digests, dict):
        return record
    versions = (record, *record.earlier)
    decided = digests.get(record_id)
    return next(
        (one for one in versions if evidence_digest(one, decision.content_version) == decided), record
    )


def evidence_digest(record: DigestedRecord, version: int) -> str:
    """What a decision of this version of the hash keeps of a record."""
    return record.digest if version == ONLY_STORED_BYTES else hashed(facts_2(record))


def changed_parts(before: Parts, after: Parts) -> list[str]:
    """The parts that differ, in words; empty if none does. Both are of one version."""
    names = sorted(before.keys() - {"evidence"}, key=lambda name: (name != "issue", name))
    changed_parts = [name for name in names if after[name] != before[name]]
    digests_after = after["evidence"]
    changed_ids = [
        record_id
        for record_id, digest in before["evidence"].items()
        if digests_after.get(record_id) != digest
    ]
    missing = [record_id for record_id in changed_ids if not digests_after.get(record_id)]
    replaced = [record_id for record_id in changed_ids if record_id not in missing]
    return [
        *(part_changed(part_name(name, before), after[name]) for name in changed_parts),
        *([f"{several(missing)} not stored any more"] if missing else []),
        *([f"{several(replaced)} not what was seen"] if replaced else []),
    ]
