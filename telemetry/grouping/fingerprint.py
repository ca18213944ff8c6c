"""
The fingerprint of a failure, which is the key of its cluster: one cause has the same 64 bits in every process.

It is a hash of what stays the same when a failure recurs, by the rules of one version (versions.py), since clusters are
compared over weeks and releases. Source of the idea to leave variable parts out:
https://develop.sentry.dev/backend/application-domains/grouping/
"""

from __future__ import annotations

import re

from telemetry.grouping.cause import cause, is_common
from telemetry.grouping.versions import GroupingRules
from telemetry.hashing import hash64_of_texts
from telemetry.spans.meaning import Failure

PREFIX = "clu_"
CLUSTER_ID = re.compile(r"clu_[0-9a-f]{16}")


def fingerprint(service: str, operation: str, failure: Failure, rules: GroupingRules) -> int:
    """Return the 64-bit fingerprint, signed, never 0 (0 stands for "no failure")."""
    texts = cause(failure, rules)
    place = operation if is_common(failure, texts, rules) else ""
    return hash64_of_texts(str(rules.version), failure.signal_type, service, place, *texts)


def cluster_id(fingerprint: int) -> str:
    """Return the cluster id: `clu_` and the 64 bits as 16 hex digits."""
    return f"{PREFIX}{fingerprint & 0xFFFFFFFFFFFFFFFF:016x}"


def of_cluster_id(text: str) -> int | None:
    """Return the fingerprint of a cluster id; None when the text is not one."""
    if not CLUSTER_ID.fullmatch(text):
        return None
    return int.from_bytes(bytes.fromhex(text.removeprefix(PREFIX)), "big", signed=True)
