"""
The records of the evidence as an approval covers them, for the handoff.

The columns of records are covered from version 2 of the content hash on. For an approval of version 1 they are derived
again from the bytes of the span, which that version covers. Session and user do not change (evidence_traces.py).
"""

from __future__ import annotations

from typing import Any

from diagnosis.issues.evidence_traces import lasting_traces
from diagnosis.issues.sent_facts import facts_as_sent
from diagnosis.models import Loop
from telemetry.reads import record_json
from telemetry.reads.record_pages import rows_of
from telemetry.store.transactions import snapshot
from tenants.stores.binding import bind

ONLY_STORED_BYTES = 1  # the version of content hashes that covers no columns


def approved_records(loop: Loop, content_version: int) -> list[dict[str, Any]]:
    """The records of the loop's evidence, in its order, as an approval of this version covers them."""
    ids, version = loop.issue["evidence_ids"], loop.project.fingerprint_version
    with bind(loop.project), snapshot():
        rows = list(rows_of(ids))
        records = {record["record_id"]: record for record in record_json.records_json(rows)}
        facts = facts_as_sent(rows, version) if content_version == ONLY_STORED_BYTES else {}
        traces = lasting_traces(records, loop.issue, version)
    return [
        records[record_id] | facts.get(record_id, {}) | traces[record_id]
        for record_id in ids
        if record_id in records
    ]
