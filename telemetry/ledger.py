"""
The drop ledger: whatever was not stored, or not stored as it was sent, is counted by reason and hour of arrival.

The counts are the tallies that the store writes together with the spans. This module adds the meaning of each reason
and its remedy, for the API, the dashboard and the operators' page.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, Sum

from telemetry.models import Conflict, Tally
from telemetry.otlp.decode import INVALID_SPAN_ID, INVALID_TRACE_ID
from telemetry.scrubbing.limits import MAX_ITEMS, TRIMMED_ITEM, TRIMMED_VALUE
from telemetry.scrubbing.scrub import REDACTED_VALUE
from telemetry.spans.record_ids import record_id
from telemetry.store import tallies
from telemetry.store.tallies import CONFLICT, DUPLICATE, HOUR_NANO, OVER_QUOTA, SHARED_ID, STORED
from telemetry.store.transactions import atomic
from telemetry.windows import Window, moment, unix_nano

logger = logging.getLogger(__name__)
INVALID_REQUEST = "invalid_request"
MOST_RECORDS = 20  # named in an entry
LOGS, METRICS = "logs_not_stored", "metrics_not_stored"


@dataclass(frozen=True, slots=True)
class RefusalReason:
    """A reason why something is in the ledger: what is counted, what it means, and what to do about it."""

    unit: str  # spans, requests, values, items
    meaning: str
    remedy: str


OTHER = RefusalReason(
    "spans", "Not stored, for the reason in its name.", "Correct what the name says, then send again."
)
REASONS = {
    STORED: RefusalReason("spans", "Stored.", ""),
    DUPLICATE: RefusalReason(
        "spans",
        "Sent before: the first arrival is kept.",
        "None needed after retries. If they are many, look for two exporters on one tracer provider.",
    ),
    CONFLICT: RefusalReason(
        "spans",
        "Another version of a stored span: same ids, kind, service, name and start, but not the same. The first "
        "arrival is kept; `records` has the records and the fields that differ.",
        "Send each span once, when it has ended. If two pipelines send the same spans, keep one of them.",
    ),
    SHARED_ID: RefusalReason(
        "spans",
        "Stored under a span id of its own, since another span has the one that it was sent with.",
        "None is needed for the client and the server span of a Zipkin instrumentation, which share an id. Otherwise "
        "look for processes that make the same ids, such as copies with one random seed.",
    ),
    OVER_QUOTA: RefusalReason(
        "spans", "The project's quota was used up.", "Ask the operator for more spans: /contact.json."
    ),
    INVALID_TRACE_ID: RefusalReason(
        "spans", "The trace id is not 16 bytes, or all zero.", "Send 32 hex digits in JSON, 16 bytes in protobuf."
    ),
    INVALID_SPAN_ID: RefusalReason(
        "spans", "The span id is not 8 bytes, or all zero.", "Send 16 hex digits in JSON, 8 bytes in protobuf."
    ),
    INVALID_REQUEST: RefusalReason(
        "requests",
        "The whole request was refused: not OTLP, too large, or compressed in an unknown way.",
        "The exporter's log has the answer; send OTLP in batches of 512 spans, plain or with gzip.",
    ),
    LOGS: RefusalReason(
        "requests",
        "OTLP logs, which LoopKit answers and does not store.",
        "Put what matters on spans; OTEL_LOGS_EXPORTER=none saves the traffic.",
    ),
    METRICS: RefusalReason(
        "requests",
        "OTLP metrics, which LoopKit answers and does not store.",
        "Put what matters on spans; OTEL_METRICS_EXPORTER=none saves the traffic.",
    ),
    REDACTED_VALUE: RefusalReason(
        "values",
        "A secret was replaced by [redacted] before storing.",
        "Better not to send it: configure the instrumentation. A key that left its service should be changed.",
    ),
    TRIMMED_VALUE: RefusalReason(
        "values",
        "A value was longer than LOOPKIT_MAX_VALUE_BYTES and was cut; a mark at its end says how long it was.",
        "Record less of it, or ask the operator for a higher limit.",
    ),
    TRIMMED_ITEM: RefusalReason(
        "items",
        f"Attributes, events or links beyond {MAX_ITEMS} were dropped; the record's dropped counts say how many.",
        "Record fewer, or split the span.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One reason with its count in the window, its count in total, its meaning and its remedy."""

    reason: str
    unit: str
    count: int
    total: int
    meaning: str
    remedy: str
    records: list[dict[str, Any]] = field(
        default_factory=list
    )  # the newest in the window, MOST_RECORDS at most


def ledger_entries(window: Window) -> list[LedgerEntry]:
    """
    Return an entry for every reason that the bound project has, those with a count in the window first.

    An hour counts if it is partly in the window.
    """
    first, beyond = hours_of(window)
    in_window = Q(hour__gte=first, hour__lt=beyond)
    rows = Tally.objects.values("reason").annotate(recent=Sum("count", filter=in_window), total=Sum("count"))
    all_entries = [
        ledger_entry(row["reason"], row["recent"] or 0, row["total"], window)
        for row in rows.order_by("reason")
    ]
    return sorted(all_entries, key=lambda item: (not item.count, item.reason))


def ledger_entry(reason: str, recent: int, total: int, window: Window) -> LedgerEntry:
    """Return the entry of the reason, with its meaning and remedy."""
    records = conflicting_records(window) if reason == CONFLICT else []
    return LedgerEntry(
        reason, count=recent, total=total, **asdict(REASONS.get(reason, OTHER)), records=records
    )


def conflicting_records(window: Window) -> list[dict[str, Any]]:
    """Return the records of which another version came in the window's hours, newest first."""
    first, beyond = (hour * HOUR_NANO for hour in hours_of(window))
    rows = Conflict.objects.filter(arrived_unix_nano__gte=first, arrived_unix_nano__lt=beyond)
    return [
        {
            "record_id": record_id(row.trace_id, row.span_id),
            "arrived_at": moment(row.arrived_unix_nano),
            "differs_in": row.differs_in.split(","),
            "failed": row.is_failure,
        }
        for row in rows.order_by("-arrived_unix_nano", "trace_id", "span_id")[:MOST_RECORDS]
    ]


def by_hour(window: Window) -> list[dict[str, Any]]:
    """Return the hours of the window in which something arrived, newest first: at most 721 of them."""
    first, beyond = hours_of(window)
    hours: dict[int, dict[str, int]] = {}
    rows = Tally.objects.filter(hour__gte=first, hour__lt=beyond).order_by("-hour", "reason")
    for hour, reason, count in rows.values_list("hour", "reason", "count"):
        hours.setdefault(hour, {})[reason] = count
    return [{"hour": moment(hour * HOUR_NANO), "counts": counts} for hour, counts in hours.items()]


def hours_of(window: Window) -> tuple[int, int]:
    """Return the first hour that the window touches, and the first hour after it."""
    return window.start_unix_nano // HOUR_NANO, -(-window.end_unix_nano // HOUR_NANO)


def note_refused(reason: str, count: int, now: datetime) -> None:
    """Count what was refused before it reached the store, in a transaction of its own; a failure is only logged."""
    try:
        with atomic():
            tallies.add_tallies({(unix_nano(now) // HOUR_NANO, reason): count})
    except (DatabaseError, OSError) as error:
        logger.warning("could not count %d of %s in the ledger: %s", count, reason, error)
