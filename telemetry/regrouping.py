"""
Stored failing records told apart by the rules of another version: what their fingerprints would be, and rewriting them.

The span lies in its segment as it was sent, so that everything can be computed anew. The record's columns stay, and
so do the counts of all that is not a cluster: evidence never changes under a packet.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from django.db.models import Count, Q
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from telemetry import conventions
from telemetry.classify import failure
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import Rules
from telemetry.models import Record
from telemetry.otlp import decode
from telemetry.otlp.values import attributes
from telemetry.reads import record_json
from telemetry.reads.filters import in_window
from telemetry.spans.meaning import Failure
from telemetry.spans.span import Origin, Span
from telemetry.store import attributions, rollups, segments
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
    """The next failing records of the bound project, by time, then id."""
    start, trace_id, span_id = position
    rows = Record.objects.filter(FAILING, start_time_unix_nano__gte=start)
    behind = Q(start_time_unix_nano__gt=start) | Q(trace_id__gt=trace_id)
    rows = rows.filter(behind | Q(trace_id=trace_id, span_id__gt=span_id))
    return list(rows.order_by("start_time_unix_nano", "trace_id", "span_id")[:limit])


def position_of(row: Record) -> Position:
    """Where to go on behind it."""
    return row.start_time_unix_nano, bytes(row.trace_id), bytes(row.span_id)


def sizes(window: Window) -> list[tuple[int, int]]:
    """The clusters of the bound project's window and their records, the largest first."""
    rows = in_window(Record.objects.filter(FAILING), window).values_list("fingerprint")
    counted = rows.annotate(n=Count("trace_id")).order_by("-n", "fingerprint")
    return [(int(number or 0), count) for number, count in counted]


def newest(window: Window, number: int, limit: int) -> list[Record]:
    """The cluster's latest records in the window."""
    rows = in_window(Record.objects.filter(fingerprint=number), window)
    return list(rows.order_by("-start_time_unix_nano", "trace_id", "span_id")[:limit])


def regrouped(rows: Sequence[Record], rules: Rules) -> list[int]:
    """The fingerprint of each of these records by those rules."""
    messages, shared = segments.messages(rows), record_json.origins(rows)
    origins = {ids: origin(resource_and_scope) for ids, resource_and_scope in shared.items()}
    return [
        number(
            row,
            decode.read(messages[row.segment_id, row.position], origins[row.resource_id, row.scope_id]),
            rules,
        )
        for row in rows
    ]


def origin(shared: ResourceSpans) -> Origin:
    """What a record's resource and scope say."""
    scope = shared.scope_spans[0].scope
    return Origin(attributes(shared.resource.attributes), scope.name, scope.version)


def number(row: Record, span: Span, rules: Rules) -> int:
    """The record's fingerprint. Where this code reads the span otherwise than the one that stored it, columns count."""
    told = failure(span, conventions.read(span))
    if told is None or told.signal_type != row.signal_type:
        told = Failure(row.signal_type, row.severity, row.error_type, row.failure_message)
    return fingerprint(row.service, row.operation, told, rules)


def rewrite(rows: Sequence[Record], rules: Rules) -> int:
    """Give the records their fingerprints by those rules, in the transaction that was begun; how many changed."""
    moved = [(row, number) for row, number in zip(rows, regrouped(rows, rules), strict=True)]
    moved = [(row, number) for row, number in moved if number != row.fingerprint]
    rollups.take_away([row for row, _ in moved])
    write_many(RENUMBER, [(bytes(row.trace_id), bytes(row.span_id), number) for row, number in moved])
    rollups.add([with_number(row, number) for row, number in moved])
    attributions.renew(sorted({bytes(row.trace_id) for row, _ in moved}))
    return len(moved)


def with_number(row: Record, number: int) -> Record:
    """The record as it is counted from now on."""
    changed = copy(row)
    changed.fingerprint = number
    return changed
