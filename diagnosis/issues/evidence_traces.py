"""
The session and the user of each record of an issue's evidence, as they were when it was diagnosed.

They are facts of the trace, so later spans of the trace can change them. What people approve and agents get must not
change: an issue keeps them, and whoever shows its evidence shows these. For an issue of an earlier release, which keeps
none, it is what the record's own span names, which does not change either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from diagnosis.issues.sent_facts import facts_as_sent
from telemetry.reads import record_pages

TRACE_FACTS = ("session_id", "user_id")
TraceFacts = dict[str, dict[str, Any]]  # by record id


def evidence_traces(records: Iterable[Mapping[str, Any]]) -> TraceFacts:
    """The trace facts of these records, as the issue keeps them."""
    return {record["record_id"]: {name: record[name] for name in TRACE_FACTS} for record in records}


def lasting_traces(
    record_ids: Iterable[str], issue: Mapping[str, Any], fingerprint_version: int
) -> TraceFacts:
    """The trace facts to show of these records of the issue's evidence, which can be read. The project is bound."""
    kept: TraceFacts = issue.get("evidence_traces") or {}
    unkept = record_pages.rows_of(record_id for record_id in record_ids if record_id not in kept)
    own = facts_as_sent(unkept, fingerprint_version)
    return kept | {record_id: {name: facts[name] for name in TRACE_FACTS} for record_id, facts in own.items()}
