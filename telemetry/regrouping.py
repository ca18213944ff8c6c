"""
The fingerprints of stored failing records by the rules of another version: computing and writing them.

Segments hold the spans as they were sent, so that fingerprints can be computed again. Other columns of the records
stay, and so do all counts that are not of clusters, so that the evidence of a packet never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from django.db.models import Count, Q
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from telemetry import conventions
from telemetry.classify import failure
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import GroupingRules
from telemetry.models import Record
from telemetry.otlp import decode
from telemetry.otlp.values import plain_attributes
from telemetry.reads.filters import in_window
from telemetry.reads.record_parts import RecordParts, parts_of
from telemetry.spans.meaning import Failure
from telemetry.spans.signal_traces import is_signal
from telemetry.spans.span import Span, SpanOrigin
from telemetry.store import attributions
from telemetry.store.counts import rollups
from telemetry.store.counts.row_groups import grouped_rows
from telemetry.store.ratings import joining
from telemetry.store.same_calls import counting
from telemetry.store.sql import write_many
from telemetry.windows import Window

Position = tuple[int, bytes, bytes]  # start time, trace, span
START: Position = (-1, b"", b"")
FAILING = Q(fingerprint__isnull=False)
RENUMBER = """
    WITH moved (its_trace, its_span, number) AS (VALUES {rows})
    UPDATE telemetry_record SET fingerprint = moved.number FROM moved WHERE trace_id = its_trace AND span_id = its_span
"""


def after(position: Position, limit: int) -> list[Record]:
    """Return the next failing records of the bound project after the position, by time, then id."""
    start, trace_id, span_id = position
    rows = Record.objects.filter(FAILING, start_time_unix_nano__gte=start)
    behind = Q(start_time_unix_nano__gt=start) | Q(trace_id__gt=trace_id)
    rows = rows.filter(behind | Q(trace_id=trace_id, span_id__gt=span_id))
    return list(rows.order_by("start_time_unix_nano", "trace_id", "span_id")[:limit])


def position_of(row: Record) -> Position:
    """Return the position of the record, after which the next ones are read."""
    return row.start_time_unix_nano, bytes(row.trace_id), bytes(row.span_id)


def cluster_sizes(window: Window) -> list[tuple[int, int]]:
    """Return the clusters of the bound project's window with their numbers of records, the largest first."""
    rows = in_window(Record.objects.filter(FAILING), window).values_list("fingerprint")
    clusters = rows.annotate(n=Count("trace_id")).order_by("-n", "fingerprint")
    return [(int(number or 0), count) for number, count in clusters]


def newest_cluster_records(window: Window, number: int, limit: int) -> list[Record]:
    """Return the cluster's latest records in the window, newest first."""
    rows = in_window(Record.objects.filter(fingerprint=number), window)
    return list(rows.order_by("-start_time_unix_nano", "trace_id", "span_id")[:limit])


def regrouped(rows: Sequence[Record], rules: GroupingRules) -> list[int]:
    """Return the fingerprint of each of the records by the rules."""
    return [
        recomputed_fingerprint(row, stored_span(parts), rules)
        for row, parts in zip(rows, parts_of(rows), strict=True)
    ]


def stored_span(parts: RecordParts) -> Span | None:
    """Return the span of a record, or None if a part of it cannot be read."""
    return (
        None
        if parts.missing
        else decode.read_span(parts.span.SerializeToString(), stored_origin(parts.origin))
    )


def stored_origin(message: ResourceSpans) -> SpanOrigin:
    """Return the Origin in a message with a record's resource and scope."""
    scope = message.scope_spans[0].scope
    return SpanOrigin(plain_attributes(message.resource.attributes), scope.name, scope.version)


def recomputed_fingerprint(row: Record, span: Span | None, rules: GroupingRules) -> int:
    """
    Return the record's fingerprint by the rules.

    Where this version of LoopKit finds another signal in the span than the record has, or the span cannot be read, the
    record's columns are used.
    """
    cause = failure(span, conventions.read_meaning(span)) if span else None
    if cause is None or cause.signal_type != row.signal_type:
        cause = Failure(row.signal_type, row.severity, row.error_type, row.failure_message)
    return fingerprint(row.service, row.operation, cause, rules)


def rewrite(rows: Sequence[Record], rules: GroupingRules) -> int:
    """Write the records' fingerprints by the rules, in the current transaction, and return how many changed."""
    pairs = [(row, number) for row, number in zip(rows, regrouped(rows, rules), strict=True)]
    changes = [(row, number) for row, number in pairs if number != row.fingerprint]
    trace_ids = sorted({bytes(row.trace_id) for row, _ in changes})
    signal_ids = [trace_id for trace_id in trace_ids if is_signal(trace_id)]
    uncounted = joining.replaced_keys(signal_ids) | counting.repeated_keys(trace_ids)
    counted = [(row, number) for row, number in changes if key_of(row) not in uncounted]
    rollups.take_away(grouped_rows(row for row, _ in counted))
    write_many(RENUMBER, [(*key_of(row), number) for row, number in changes])
    rollups.add_rollups(grouped_rows(with_number(row, number) for row, number in counted))
    attributions.renew(trace_ids, rules)
    joining.settle_signals(signal_ids)
    return len(changes)


def key_of(row: Record) -> tuple[bytes, bytes]:
    """Return the trace id and the span id of the record."""
    return bytes(row.trace_id), bytes(row.span_id)


def with_number(row: Record, number: int) -> Record:
    """Return a copy of the record with that fingerprint, under which the rollups count it from now on."""
    record = copy(row)
    record.fingerprint = number
    return record
