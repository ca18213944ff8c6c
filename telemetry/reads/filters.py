"""
The conditions that reads put on records and traces, as SQL.

Where no index finds the matching rows, a read examines a limited number of rows: `floor` says where it stops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet

from telemetry.models import Attribution, LongTrace, Record, Trace
from telemetry.reads import record_json
from telemetry.reads.cursors import Cursor
from telemetry.reads.replaced_records import IS_REPLACED
from telemetry.spans import record_ids
from telemetry.windows import Window

Row = TypeVar("Row", Record, Trace, Attribution, LongTrace)
# Which failing records of a cluster: those that it counts, those that they caused, whatever their own cluster, both, or
# every record with its fingerprint, also where another failure caused that.
PRIMARY, DOWNSTREAM, WITH_DOWNSTREAM, ANY = "primary", "downstream", "with_downstream", "any"
ATTRIBUTIONS = (PRIMARY, DOWNSTREAM, WITH_DOWNSTREAM, ANY)


@dataclass(frozen=True, slots=True)
class Filters:
    """The conditions that records must meet; "", b"" and None set no condition."""

    environment: str = ""
    service: str = ""
    operation: str = ""
    signal_type: str = ""
    outcome: str = ""
    session_id: str = ""
    trace_id: bytes = b""
    record_id: tuple[bytes, bytes] | None = None
    fingerprint: int | None = None
    attribution: str = PRIMARY  # one of ATTRIBUTIONS; of the cluster of `fingerprint`

    @property
    def by_attribution(self) -> bool:
        """Whether attributions decide which failing records of a cluster match."""
        return self.fingerprint is not None and self.attribution != ANY

    @property
    def lead_by_index(self) -> bool:
        """Whether an index finds the matching rows."""
        texts = (self.session_id, self.trace_id, self.record_id, self.signal_type)
        return any(texts) or self.fingerprint is not None or self.outcome == record_json.FAILURE

    @property
    def is_guess(self) -> bool:
        """
        Whether a read must limit its scan: no index finds the matching rows, or one finds far more of them, such as all
        failures for those of one service.
        """
        kinds = self.outcome == record_json.FAILURE or bool(self.signal_type) or self.fingerprint is not None
        is_one_trace = bool(self.session_id or self.trace_id or self.record_id)
        return self.need_scan or (kinds and not is_one_trace and bool(self.service or self.operation))

    @property
    def need_scan(self) -> bool:
        """Whether rows must be examined one by one, because no index finds those that match."""
        return self != Filters() and not self.lead_by_index


def in_window(rows: QuerySet[Row], window: Window) -> QuerySet[Row]:
    """The rows that start in the window."""
    return rows.filter(
        start_time_unix_nano__gte=window.start_unix_nano, start_time_unix_nano__lt=window.end_unix_nano
    )


def matching_records(window: Window, filters: Filters) -> QuerySet[Record]:
    """The records of the window that match, in no order; of a cluster, its own records alone."""
    rows = in_window(Record.objects.all(), window)
    for name in ("environment", "service", "operation", "signal_type", "trace_id", "fingerprint"):
        value = getattr(filters, name)
        if value not in ("", b"", None):
            rows = rows.filter(**{name: value})
    if filters.by_attribution:
        rows = rows.filter(is_attributed(filters))
    if filters.outcome:
        rows = rows.filter(fingerprint__isnull=filters.outcome == record_json.OK)
    if filters.signal_type:
        # Every record with a signal type has a fingerprint; saying so lets SQL use the partial indexes of failures.
        rows = rows.filter(fingerprint__isnull=False)
    if filters.record_id:
        rows = rows.filter(trace_id=filters.record_id[0], span_id=filters.record_id[1])
    else:
        rows = rows.exclude(IS_REPLACED)
    if filters.session_id:
        rows = rows.filter(
            trace_id__in=Trace.objects.filter(is_of_session(filters.session_id)).values("trace_id")
        )
    return rows


def attributions(filters: Filters) -> QuerySet[Attribution]:
    """The attributions to the cluster that the filters ask for, in no order."""
    rows = Attribution.objects.filter(fingerprint=filters.fingerprint or 0)
    if filters.attribution == WITH_DOWNSTREAM:
        return rows
    return rows.filter(is_downstream=filters.attribution == DOWNSTREAM)


def is_attributed(filters: Filters) -> Exists:
    """A condition on records: attributed to the cluster as the filters ask for."""
    return Exists(attributions(filters).filter(trace_id=OuterRef("trace_id"), span_id=OuterRef("span_id")))


def reach(window: Window, cursor: Cursor | None, lowest: int | None = None) -> Window:
    """
    The part of the window from `lowest` up to the cursor's start time, rows of that very time included.

    It has one upper bound: given two, SQLite seeks the first one in its index and walks from there to the other.
    """
    start = window.start_unix_nano if lowest is None else lowest
    return Window(start, window.end_unix_nano if cursor is None else cursor.start_unix_nano + 1)


def floor(rows: QuerySet[Row], window: Window, cursor: Cursor | None, depth: int) -> int | None:
    """The start time of the row that is `depth` rows behind the cursor's start time, or None if there are fewer."""
    # Strictly earlier: otherwise many rows of one start time could keep the read from moving on.
    earlier = Window(window.start_unix_nano, cursor.start_unix_nano) if cursor else window
    starts = in_window(rows, earlier).order_by("-start_time_unix_nano")
    return next(iter(starts.values_list("start_time_unix_nano", flat=True)[depth : depth + 1]), None)


def has_session_id(session_ids: Iterable[str]) -> Q:
    """A condition on traces: the session id is one of these. Without `~Q(...)` the partial index is not used."""
    return Q(session_id__in=list(session_ids)) & ~Q(session_id="")


def has_trace_id(session_ids: Iterable[str]) -> Q:
    """A condition on traces: the trace's own id in hex is one of these session ids."""
    return Q(trace_id__in=[parsed for text in session_ids if (parsed := record_ids.trace_id(text))])


def is_of_session(session_id: str) -> Q:
    """A condition on traces: the session id, or the trace's own id in hex, is this one."""
    return has_session_id([session_id]) | has_trace_id([session_id])
