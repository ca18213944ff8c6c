"""
What approvals bind to of a stored record: a SHA-256 digest of its bytes, and the columns that answers show.

The digest is over the bytes of the span, its resource and its scope as they are stored. It does not cover the JSON that
answers show: a version of LoopKit that shows more would then change every digest.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telemetry.models import Record
from telemetry.otlp.values import plain_attributes
from telemetry.reads.record_pages import rows_of
from telemetry.reads.record_parts import joined_parts, origin_messages, parts_of
from telemetry.spans.record_ids import record_id
from telemetry.spans.signal_traces import is_signal
from telemetry.spans.span import SpanOrigin
from telemetry.store import segments
from telemetry.store.transactions import snapshot

UNREADABLE = "unreadable"  # in place of a digest


@dataclass(frozen=True, slots=True)
class DigestedRecord:
    """The digest of a stored record, and its columns by name, bytes as hexadecimal digits."""

    digest: str  # UNREADABLE if a part of the record cannot be read
    columns: dict[str, Any]


def digested_records(record_ids: Iterable[str]) -> dict[str, DigestedRecord]:
    """Those records with these ids that the bound project stores, by record id."""
    with snapshot():
        rows = rows_of(record_ids)
        found = digests_of_rows(rows)
        sent = signal_origins(rows)
    return {
        str(row): DigestedRecord(found[str(row)], plain_columns(row) | sent.get(str(row), {})) for row in rows
    }


def signal_origins(rows: list[Record]) -> dict[str, dict[str, Any]]:
    """
    The service and the environment that the user signals among these rows were sent with, by record id.

    Their columns follow what they are about (telemetry/store/ratings/joining.py), which may arrive after an approval.
    """
    signals = [row for row in rows if is_signal(bytes(row.trace_id))]
    origins = [
        SpanOrigin(plain_attributes(parts.origin.resource.attributes), "", "") for parts in parts_of(signals)
    ]
    return {
        str(row): {"service": origin.service, "environment": origin.environment}
        for row, origin in zip(signals, origins, strict=True)
    }


def plain_columns(row: Record) -> dict[str, Any]:
    """The columns of the row as JSON values."""
    values = ((field.attname, getattr(row, field.attname)) for field in Record._meta.concrete_fields)
    return {
        name: bytes(value).hex() if isinstance(value, bytes | memoryview) else value for name, value in values
    }


def digests_of_rows(rows: list[Record]) -> dict[str, str]:
    """The digests of these rows, by record id; UNREADABLE for a record of which a part cannot be read."""
    spans, origins = segments.serialized_spans(rows), origin_messages(rows)
    return {
        record_id(row.trace_id, row.span_id): UNREADABLE
        if parts.missing
        else digest_of_parts(
            origins[row.resource_id], origins[row.scope_id], spans[row.segment_id, row.position]
        )
        for row, parts in zip(rows, joined_parts(rows, spans, origins), strict=True)
    }


def digest_of_parts(*parts: bytes) -> str:
    """The SHA-256 of the parts, each behind its length (64 bits, big-endian): no two lists hash the same bytes."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).hexdigest()
