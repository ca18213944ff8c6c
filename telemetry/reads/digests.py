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

from telemetry.models import EarlierVersion, Record
from telemetry.otlp.values import plain_attributes
from telemetry.reads.record_pages import rows_of
from telemetry.reads.record_parts import joined_parts, origin_messages, parts_of
from telemetry.spans.record_ids import record_id
from telemetry.spans.signal_traces import is_signal
from telemetry.spans.span import SpanOrigin
from telemetry.store import segments
from telemetry.store.joined_logs.earlier_versions import plain_values, record_of
from telemetry.store.transactions import snapshot

UNREADABLE = "unreadable"  # in place of a digest


@dataclass(frozen=True, slots=True)
class DigestedRecord:
    """The digest of a stored record, and its columns by name, bytes as hexadecimal digits."""

    digest: str  # UNREADABLE if a part of the record cannot be read
    columns: dict[str, Any]
    earlier: tuple[DigestedRecord, ...] = ()  # the versions before log records joined it, the first one first


def digested_records(record_ids: Iterable[str]) -> dict[str, DigestedRecord]:
    """Those records with these ids that the bound project stores, by record id."""
    with snapshot():
        rows = rows_of(record_ids)
        found = digests_of_rows(rows)
        sent = signal_origins(rows)
        earlier = earlier_digests(rows)
    return {
        str(row): DigestedRecord(
            digest, plain_values(row) | sent.get(str(row), {}), tuple(earlier.get(str(row), ()))
        )
        for row, digest in zip(rows, found, strict=True)
    }


def earlier_digests(rows: list[Record]) -> dict[str, list[DigestedRecord]]:
    """The earlier versions of those of these records that have any, by record id."""
    versions = records_before_logs(rows)
    before = [record for records in versions.values() for record in records]
    found = iter(digests_of_rows(before))
    return {
        name: [DigestedRecord(next(found), plain_values(record)) for record in records]
        for name, records in versions.items()
    }


def records_before_logs(rows: Iterable[Record]) -> dict[str, list[Record]]:
    """The earlier versions of those of these records that have any, in their order, by record id."""
    trace_ids = {bytes(row.trace_id) for row in rows}
    names = {str(row) for row in rows}
    stored = EarlierVersion.objects.filter(trace_id__in=trace_ids).order_by("trace_id", "span_id", "number")
    found: dict[str, list[Record]] = {}
    for version in stored if trace_ids else ():
        if (name := record_id(version.trace_id, version.span_id)) in names:
            found.setdefault(name, []).append(record_of(version.columns))
    return found


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


def digests_of_rows(rows: list[Record]) -> list[str]:
    """The digests of these rows, in their order; UNREADABLE for a record of which a part cannot be read."""
    spans, origins = segments.serialized_spans(rows), origin_messages(rows)
    return [
        UNREADABLE
        if parts.missing
        else digest_of_parts(
            origins[row.resource_id], origins[row.scope_id], spans[row.segment_id, row.position]
        )
        for row, parts in zip(rows, joined_parts(rows, spans, origins), strict=True)
    ]


def digest_of_parts(*parts: bytes) -> str:
    """The SHA-256 of the parts, each behind its length (64 bits, big-endian): no two lists hash the same bytes."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).hexdigest()
