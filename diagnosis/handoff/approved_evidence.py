"""
The records of the evidence as an approval covers them, for the handoff.

The columns of records are covered from version 2 of the content hash on. For an approval of version 1 they are derived
again from the bytes of the span, which that version covers. Session and user are those that the issue keeps
(evidence_traces.py), which both versions cover; for issues that keep none, those that the span itself names.
"""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from diagnosis.issues.evidence_traces import TRACE_FACTS, as_diagnosed
from diagnosis.models import Loop
from telemetry.grouping import versions
from telemetry.models import Record, Trace
from telemetry.normalise import normalise
from telemetry.otlp import decode
from telemetry.reads import record_json
from telemetry.reads.record_pages import rows_of
from telemetry.reads.record_parts import parts_of
from telemetry.regrouping import stored_origin
from telemetry.spans.span import SpanOrigin
from telemetry.store import row as record_row
from telemetry.store.transactions import snapshot
from tenants.stores.binding import bind

ONLY_STORED_BYTES = 1  # the version of content hashes that covers no columns


def approved_records(loop: Loop, content_version: int) -> list[dict[str, Any]]:
    """The records of the loop's evidence, in its order, as an approval of this version covers them."""
    ids = loop.issue["evidence_ids"]
    with bind(loop.project), snapshot():
        rows = {str(row): row for row in rows_of(ids)}
        records = {record["record_id"]: record for record in record_json.records_json(list(rows.values()))}
        facts = facts_as_sent(list(rows.values()), loop.project.fingerprint_version)
    if content_version > ONLY_STORED_BYTES:
        facts = {
            record_id: {name: all_facts[name] for name in TRACE_FACTS}
            for record_id, all_facts in facts.items()
        }
    return [
        as_diagnosed(records[record_id] | facts[record_id], loop.issue)
        for record_id in ids
        if record_id in records
    ]


def facts_as_sent(rows: list[Record], fingerprint_version: int) -> dict[str, dict[str, Any]]:
    """What the bytes of each span say by themselves, by record id, in the form of answers."""
    return {
        str(row): span_facts(parts.span, stored_origin(parts.origin), fingerprint_version)
        for row, parts in zip(rows, parts_of(rows), strict=True)
    }


def span_facts(message: SpanMessage, origin: SpanOrigin, fingerprint_version: int) -> dict[str, Any]:
    """The facts of one span, as if no other span of its trace was known."""
    row = normalise(decode.read_span(message, origin), versions.rules_of_version(fingerprint_version))
    record = Record(**{name: getattr(row, name) for name in record_row.COLUMNS})
    trace = Trace(trace_id=row.trace_id, session_id=row.session_id, user_id=row.user_id)
    return record_json.record_identity(record) | record_json.understood_facts(record, trace)
