"""
The key of a kind of failure: the same cause gives the same 64 bits, in every process and release.

Made of what stays when the same thing happens again, by the rules of one version (versions.py), since clusters are
compared over weeks. The idea of masking what varies: https://develop.sentry.dev/backend/application-domains/grouping/
"""

from __future__ import annotations

import re

from telemetry.grouping.cause import cause, is_common
from telemetry.grouping.versions import Rules
from telemetry.hashing import hash64_of_texts
from telemetry.spans.meaning import Failure

PREFIX = "clu_"
CLUSTER_ID = re.compile(r"clu_[0-9a-f]{16}")


def fingerprint(service: str, operation: str, failure: Failure, rules: Rules) -> int:
    """A signed 64-bit number, never 0, which stands for "no failure"."""
    told = cause(failure, rules)
    place = operation if is_common(failure, told) else ""
    return hash64_of_texts(str(rules.version), failure.signal_type, service, place, *told)


def cluster_id(fingerprint: int) -> str:
    """`clu_` and the 64 bits as 16 hex digits."""
    return f"{PREFIX}{fingerprint & 0xFFFFFFFFFFFFFFFF:016x}"


def of_cluster_id(text: str) -> int | None:
    """The fingerprint of a cluster id; None when it is not one."""
    if not CLUSTER_ID.fullmatch(text):
        return None
    return int.from_bytes(bytes.fromhex(text.removeprefix(PREFIX)), "big", signed=True)
