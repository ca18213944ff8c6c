"""
What a decision binds to: the issue with its plan, the records of its evidence, the eval. As one SHA-256.

The hash is over the canonical JSON of the hashes of the parts, so that the part that changed can be named:
docs/approval.md#what-an-approval-binds-to. Canonical: keys sorted, no spaces, ASCII, as Python's json writes it
(https://docs.python.org/3/library/json.html), which unlike RFC 8785 keeps integers of any size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from diagnosis.eval_models import EvalCandidate
from diagnosis.models import Loop
from telemetry.digests import digests
from tenants.binding import bind

# Of an issue: where its loop stands, and the id of its cluster, which a switch of fingerprints renames.
STANDING = frozenset({"loop_id", "status", "next_action", "approval", "cluster_id"})
Parts = dict[str, Any]  # {"issue": hash, "eval": hash or None, "evidence": {record id: digest or None}}


def parts(loop: Loop, issue: dict[str, Any]) -> Parts:
    """The hashes of all that a decision on the issue is about, as it is stored now."""
    return parts_of([(loop, issue)])[0]


def parts_of(decided: Sequence[tuple[Loop, dict[str, Any]]]) -> list[Parts]:
    """The same for several loops of one project, in a few queries."""
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
        {
            "issue": hashed(lasting(issue)),
            "eval": hashed(lasting(evals[name])) if name in evals else None,
            "evidence": {record_id: stored.get(record_id) for record_id in evidence_ids(issue)},
        }
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


def differences(was: Parts, now: Parts) -> list[str]:
    """What is no longer as it was, in words; empty if all is."""
    found = []
    if now["issue"] != was["issue"]:
        found.append("the issue or its patch plan was changed")
    if now["eval"] != was["eval"]:
        found.append("the eval was changed" if now["eval"] else "the eval is not stored any more")
    moved = [one for one, digest in was["evidence"].items() if now["evidence"].get(one) != digest]
    gone = [one for one in moved if not now["evidence"].get(one)]
    if gone:
        found.append(f"{several(gone)} not stored any more")
    if other := [one for one in moved if one not in gone]:
        found.append(f"{several(other)} not what was seen")
    return found


def several(records: list[str]) -> str:
    """`the record rec_1 is`, or how many they are."""
    return f"the record {records[0]} is" if len(records) == 1 else f"{len(records)} of its records are"
