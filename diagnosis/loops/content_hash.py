"""
The content that a decision binds to, as one SHA-256: the issue with its plan, the records of its evidence, the eval.

The hash is over the canonical JSON of the hashes of the parts, so that the part that changed can be named:
docs/approval.md#what-an-approval-binds-to. Canonical: keys sorted, no spaces, ASCII, as Python's json writes it
(https://docs.python.org/3/library/json.html), which unlike RFC 8785 keeps integers of any size.

What is hashed is said by a version, one function each in CONTENT_VERSIONS. A decision keeps its version and is checked
by it for good, so a new version is a new entry, and no entry is ever changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from diagnosis.models import Decision, EvalCandidate, Loop
from telemetry.reads.digests import digests
from tenants.stores.binding import bind

# Of an issue: where its loop stands, and the id of its cluster, which a switch of fingerprints renames.
STANDING = frozenset({"loop_id", "status", "next_action", "approval", "cluster_id"})
PART_NAMES = {"issue": "issue or its patch plan"}  # where the key does not say it
Parts = dict[
    str, Any
]  # of version 1: {"issue": hash, "eval": hash or None, "evidence": {record id: digest or None}}


@dataclass(frozen=True, slots=True)
class StoredContent:
    """All that a decision can be about, as it is stored at one moment."""

    issue: dict[str, Any]
    eval_document: dict[str, Any] | None
    digests: dict[str, str | None]  # of the records that the issue names; None: not stored

    def parts(self, version: int) -> Parts:
        """The hashes of the parts by that version's rule."""
        return CONTENT_VERSIONS[version](self)


def issue_eval_evidence(stored: StoredContent) -> Parts:
    """Version 1."""
    return {
        "issue": hashed(lasting(stored.issue)),
        "eval": hashed(lasting(stored.eval_document)) if stored.eval_document is not None else None,
        "evidence": stored.digests,
    }


CONTENT_VERSIONS: dict[int, Callable[[StoredContent], Parts]] = {1: issue_eval_evidence}
CURRENT_VERSION = 1  # of new decisions


def stored_content(loop: Loop, issue: dict[str, Any]) -> StoredContent:
    """All that a decision on the issue is about, as it is stored now."""
    return stored_contents([(loop, issue)])[0]


def stored_contents(decided: Sequence[tuple[Loop, dict[str, Any]]]) -> list[StoredContent]:
    """`stored_content` of several loops of one project, in a few queries."""
    if not decided:
        return []
    project = decided[0][0].project
    wanted = [record_id for _, issue in decided for record_id in evidence_ids(issue)]
    with bind(project):
        stored = digests(wanted)
    named = [issue.get("eval_candidate") or "" for _, issue in decided]
    evals = dict(
        EvalCandidate.objects.filter(project=project, eval_id__in=named).values_list("eval_id", "document")
    )
    return [
        StoredContent(
            issue,
            evals.get(name),
            {record_id: stored.get(record_id) for record_id in evidence_ids(issue)},
        )
        for (_, issue), name in zip(decided, named, strict=True)
    ]


def lasting(document: dict[str, Any]) -> dict[str, Any]:
    """An issue or an eval without what changes while its content stays."""
    return {name: value for name, value in document.items() if name not in STANDING}


def evidence_ids(issue: dict[str, Any]) -> list[str]:
    """The records that the issue names."""
    return [str(record_id) for record_id in issue.get("evidence_ids") or []]


def hashed(value: Any) -> str:
    """The SHA-256 of the value as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def changes_since(decision: Decision, stored: StoredContent) -> list[str]:
    """The parts that changed since the decision, in words, by the decision's version; empty if it still holds."""
    version = decision.content_version
    if version not in CONTENT_VERSIONS:
        return [f"its content has version {version}, which only a later release of LoopKit can check"]
    return differences(decision.content, stored.parts(version))


def differences(was: Parts, now: Parts) -> list[str]:
    """The parts that differ, in words; empty if none does. Both are of one version."""
    ordered = sorted(was.keys() - {"evidence"}, reverse=True)  # the issue before the eval
    changed = [name for name in ordered if now[name] != was[name]]
    moved = [one for one, digest in was["evidence"].items() if now["evidence"].get(one) != digest]
    gone = [one for one in moved if not now["evidence"].get(one)]
    replaced = [one for one in moved if one not in gone]
    return [
        *(part_changed(name, now[name]) for name in changed),
        *([f"{several(gone)} not stored any more"] if gone else []),
        *([f"{several(replaced)} not what was seen"] if replaced else []),
    ]


def part_changed(name: str, now: Any) -> str:
    """`the eval was changed`; `now` is its hash, None if it is not stored."""
    if now is None:
        return f"the {name} is not stored any more"
    return f"the {PART_NAMES.get(name, name)} was changed"


def several(records: list[str]) -> str:
    """`the record rec_1 is`, or how many they are."""
    return f"the record {records[0]} is" if len(records) == 1 else f"{len(records)} of its records are"
