"""
What reads may ask of records and traces, as SQL.

Where no index leads to the rows, a read looks at so many of them and no more: `floor` says where it stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Q, QuerySet

from telemetry.models import Record, Trace
from telemetry.reads import record_json
from telemetry.reads.cursors import Cursor
from telemetry.spans import record_ids
from telemetry.windows import Window

Row = TypeVar("Row", Record, Trace)


@dataclass(frozen=True, slots=True)
class Filters:
    """What records must have; "" and None ask for nothing."""

    environment: str = ""
    service: str = ""
    operation: str = ""
    signal_type: str = ""
    outcome: str = ""
    session_id: str = ""
    trace_id: bytes = b""
    record_id: tuple[bytes, bytes] | None = None
    fingerprint: int | None = None

    @property
    def lead_by_index(self) -> bool:
        """Whether an index leads to what is asked for."""
        texts = (self.session_id, self.trace_id, self.record_id, self.signal_type)
        return any(texts) or self.fingerprint is not None or self.outcome == record_json.FAILURE

    @property
    def is_guess(self) -> bool:
        """The same, or an index leads to far more: to all failures, for those of one service."""
        kinds = self.outcome == record_json.FAILURE or bool(self.signal_type) or self.fingerprint is not None
        is_one_trace = bool(self.session_id or self.trace_id or self.record_id)
        return self.need_scan or (kinds and not is_one_trace and bool(self.service or self.operation))

    @property
    def need_scan(self) -> bool:
        """Whether rows must be looked at one by one, and how many of them match is anyone's guess."""
        return self != Filters() and not self.lead_by_index


def in_window(rows: QuerySet[Row], window: Window) -> QuerySet[Row]:
    """Those that start in the window."""
    return rows.filter(
        start_time_unix_nano__gte=window.start_unix_nano, start_time_unix_nano__lt=window.end_unix_nano
    )


def matching(window: Window, filters: Filters) -> QuerySet[Record]:
    """The window's records that match, in no order."""
    rows = in_window(Record.objects.all(), window)
    for name in ("environment", "service", "operation", "signal_type", "trace_id", "fingerprint"):
        value = getattr(filters, name)
        if value not in ("", b"", None):
            rows = rows.filter(**{name: value})
    if filters.outcome:
        rows = rows.filter(fingerprint__isnull=filters.outcome == record_json.OK)
    if filters.signal_type:
        rows = rows.filter(fingerprint__isnull=False)  # true of all of them; names the index of failures
    if filters.record_id:
        rows = rows.filter(trace_id=filters.record_id[0], span_id=filters.record_id[1])
    if filters.session_id:
        rows = rows.filter(
            trace_id__in=Trace.objects.filter(is_of_session(filters.session_id)).values("trace_id")
        )
    return rows


def reach(window: Window, place: Cursor | None, lowest: int | None = None) -> Window:
    """
    The part of the window from `lowest` up to the place, rows of the place's own time included.

    One lower and one upper bound: given two, SQLite takes the first for its index and walks to the other.
    """
    start = window.start_unix_nano if lowest is None else lowest
    return Window(start, window.end_unix_nano if place is None else place.start_unix_nano + 1)


def floor(rows: QuerySet[Row], window: Window, place: Cursor | None, depth: int) -> int | None:
    """The start time of about that many rows below the place; None when there are fewer."""
    # Strictly below, so that many rows of one time cannot hold the read in place.
    below = Window(window.start_unix_nano, place.start_unix_nano) if place else window
    starts = in_window(rows, below).order_by("-start_time_unix_nano")
    return next(iter(starts.values_list("start_time_unix_nano", flat=True)[depth : depth + 1]), None)


def has_session_id(session_ids: Iterable[str]) -> Q:
    """Of traces: one of these session ids. Not empty is spelled out, or the partial index lies idle."""
    return Q(session_id__in=list(session_ids)) & ~Q(session_id="")


def has_trace_id(session_ids: Iterable[str]) -> Q:
    """Of traces: one of these session ids is the trace's own id in hex."""
    return Q(trace_id__in=[parsed for text in session_ids if (parsed := record_ids.trace_id(text))])


def is_of_session(session_id: str) -> Q:
    """Of traces: the session is named by its session id or by the id of a trace."""
    return has_session_id([session_id]) | has_trace_id([session_id])
