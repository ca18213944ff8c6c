"""
The records of the evidence as an approval covers them, for the handoff.

The columns of records are covered from version 2 of the content hash on. For an approval of version 1 they are derived
again from the bytes of the span, which that version covers. Session and user do not change (evidence_traces.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from diagnosis.issues.evidence_traces import lasting_traces
from diagnosis.issues.sent_facts import facts_as_sent
from diagnosis.models import Loop
from telemetry.reads import record_json
from telemetry.reads.record_pages import rows_of
from telemetry.store.transactions import snapshot
from telemetry.store.unreadable_parts import COLUMNS, TRACE
from tenants.stores.binding import bind

DERIVED = {COLUMNS, TRACE}  # what is not of the bytes of a span
ONLY_STORED_BYTES = 1  # the version of content hashes that covers no columns


def approved_records(loop: Loop, record_ids: Iterable[str], content_version: int) -> list[dict[str, Any]]:
    """These records of the loop's evidence, in their order, as an approval of this version covers them."""
    ids, version = list(record_ids), loop.project.fingerprint_version
    with bind(loop.project), snapshot():
        rows = list(rows_of(ids))
        records = {record["record_id"]: record for record in record_json.records_json(rows)}
        whole = [row for row in rows if DERIVED.issuperset(records[str(row)].get("missing", ()))]
        facts = facts_as_sent(whole, version) if content_version == ONLY_STORED_BYTES else {}
        traces = lasting_traces(map(str, whole), loop.issue, version)
    return [
        records[record_id] | facts.get(record_id, {}) | traces.get(record_id, {})
        for record_id in ids
        if record_id in records
    ]
