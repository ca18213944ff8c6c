"""The facts of stored records that their bytes alone say, so that nothing that is sent or edited later changes them."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.grouping import versions
from telemetry.models import Record
from telemetry.normalise import normalise
from telemetry.otlp import decode
from telemetry.reads import record_json
from telemetry.reads.record_parts import parts_of
from telemetry.regrouping import stored_origin
from telemetry.spans.span import SpanOrigin
from telemetry.store import row as record_row


def facts_as_sent(rows: list[Record], fingerprint_version: int) -> dict[str, dict[str, Any]]:
    """What the bytes of each span say by themselves, by record id, in the form of answers."""
    return {
        str(row): span_facts(row, parts.span, stored_origin(parts.origin), fingerprint_version)
        for row, parts in zip(rows, parts_of(rows), strict=True)
    }


def span_facts(
    stored: Record, message: SpanMessage, origin: SpanOrigin, fingerprint_version: int
) -> dict[str, Any]:
    """The facts of one span under the id of its record, as if no other span of its trace was known."""
    row = normalise(
        decode.read_span(message.SerializeToString(), origin), versions.rules_of_version(fingerprint_version)
    )
    columns = {name: getattr(row, name) for name in record_row.COLUMNS}
    record = Record(**columns | {"trace_id": stored.trace_id, "span_id": stored.span_id})
    owner = record_json.TraceOwner(row.session_id, row.user_id)
    return record_json.record_identity(record, message) | record_json.understood_facts(record, owner)
