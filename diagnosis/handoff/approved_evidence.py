"""
The records of the evidence as an approval covers them, for the handoff.

The columns of records are covered from version 2 of the content hash on. For an approval of version 1 they are derived
again from the bytes of the span, which that version covers. Session and user do not change (evidence_traces.py). A
record that log records joined since is given out in the version that was approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from diagnosis.issues.evidence_traces import lasting_traces
from diagnosis.issues.sent_facts import facts_as_sent
from diagnosis.loops import content_hash
from diagnosis.models import Decision, Loop
from telemetry.models import Record
from telemetry.reads import record_json
from telemetry.reads.digests import DigestedRecord, digested_records, records_before_logs
from telemetry.reads.record_pages import rows_of
from telemetry.store.transactions import snapshot
from telemetry.store.unreadable_parts import COLUMNS, TRACE
from tenants.stores.binding import bind

DERIVED = {COLUMNS, TRACE}  # what is not of the bytes of a span


def approved_records(
    loop: Loop, record_ids: Iterable[str], decision: Decision | None
) -> list[dict[str, Any]]:
    """These records of the loop's evidence, in their order, as this approval covers them; None: as they are now."""
    ids, version = list(record_ids), loop.project.fingerprint_version
    content_version = decision.content_version if decision else content_hash.CURRENT_VERSION
    with bind(loop.project), snapshot():
        rows = rows_as_decided(list(rows_of(ids)), decision)
        records = {record["record_id"]: record for record in record_json.records_json(rows)}
        whole = [row for row in rows if DERIVED.issuperset(records[str(row)].get("missing", ()))]
        facts = facts_as_sent(whole, version) if content_version == content_hash.ONLY_STORED_BYTES else {}
        traces = lasting_traces(map(str, whole), loop.issue, version)
    return [
        records[record_id] | facts.get(record_id, {}) | traces.get(record_id, {})
        for record_id in ids
        if record_id in records
    ]


def rows_as_decided(rows: list[Record], decision: Decision | None) -> list[Record]:
    """These records, each in the version that was decided on, if log records joined it since."""
    earlier = records_before_logs(rows) if decision else {}
    if decision is None or not earlier:
        return rows
    digested = digested_records(earlier)
    return [row_decided_on(row, earlier.get(str(row), []), digested.get(str(row)), decision) for row in rows]


def row_decided_on(
    row: Record, earlier: Sequence[Record], digested: DigestedRecord | None, decision: Decision
) -> Record:
    """The version of the record that was decided on; the record as it is now if none of them was."""
    decided = content_hash.version_decided_on(digested, decision, str(row))
    if digested is None or decided is None or decided is digested:
        return row
    return next((one for one, its in zip(earlier, digested.earlier, strict=True) if its is decided), row)
