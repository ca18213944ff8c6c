"""
Sessions of the bound project: their traces together, from the traces' rows and never by scanning records.

A session is the traces that share a session id; a trace without one is a session of its own, named by its id.
The list walks the window's traces from the newest down: it costs what a page costs, not what the window has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat

from telemetry.models import Record, Trace
from telemetry.reads import cursors, record_pages
from telemetry.reads.cursors import Cursor
from telemetry.reads.filters import Filters, in_window, is_of_session
from telemetry.reads.filters import matching as matching_records
from telemetry.reads.record_json import OK
from telemetry.reads.record_pages import Page
from telemetry.reads.rollup_search import are_counted, may_have, stretches
from telemetry.reads.session_summaries import Session, summaries
from telemetry.reads.session_walk import SCAN, SCAN_RECORDS, Walk
from telemetry.store.append import snapshot
from telemetry.windows import FURTHEST, Window

FEW = 2_000  # records that an index leads to; the traces of more are met soon by looking at each
ROUND = 200  # sessions that are summed up together once the first ones did not suit
MAX_ROUNDS = 25  # a search for the rare session makes short pages, not slow ones


@dataclass(frozen=True, slots=True)
class SessionPage:
    """Some sessions of a window; `next_cursor` is None when there are no more."""

    window: Window
    sessions: list[Session]
    next_cursor: Cursor | None

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
        return {
            "window": self.window.shown(),
            "sessions": [session.shown() for session in self.sessions],
            "count": len(self.sessions),
            "complete": self.next_cursor is None,
            "next_cursor": str(self.next_cursor) if self.next_cursor else None,
        }


@dataclass(frozen=True, slots=True)
class Detail:
    """One session and some of its records."""

    session: Session
    page: Page

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
        return {"session": self.session.shown()} | self.page.shown()


def page(window: Window, filters: Filters, cursor: Cursor | None, limit: int) -> SessionPage:
    """
    The sessions with a trace that matches, by their newest such trace, or those behind the cursor.

    An answer may hold fewer than `limit` and still have a next cursor: then its walk was long enough.
    """
    if not may_match(window, filters):
        return SessionPage(window, [], None)
    counted = counted_traces(filters)
    with snapshot():
        chosen, scan = matching(counted, window, filters)
        walk = Walk(window, chosen, cursor, scan)
        found, after = search(walk, in_window(counted, window), filters, limit)
    return SessionPage(window, found, after)


def may_match(window: Window, filters: Filters) -> bool:
    """False where rollups and resources say at once that there is nothing."""
    if filters.environment and not may_have(filters.environment):
        return False
    ever = Window(
        window.start_unix_nano, FURTHEST
    )  # of a trace in the window, any record may name the service
    named = Filters(service=filters.service, operation=filters.operation)
    return not are_counted(named) or next(stretches(ever, named), None) is not None


def search(
    walk: Walk, traces: QuerySet[Trace], filters: Filters, limit: int
) -> tuple[list[Session], Cursor | None]:
    """The walk's first sessions that suit, each over its own of the traces, and the place to go on from."""
    met = walk.sessions()
    found: list[tuple[Session, Cursor]] = []
    looked_at: list[Cursor] = []
    for size in (limit + 1, *[max(ROUND, limit + 1)] * (MAX_ROUNDS - 1)):
        batch = dict(islice(met, size))
        known = summaries(batch, traces)
        found += [(known[name], place) for name, place in batch.items() if suits(known[name], filters)]
        looked_at = list(batch.values())
        if len(found) > limit:
            return [session for session, _ in found[:limit]], found[limit - 1][1]
        if len(batch) < size:
            return [session for session, _ in found], walk.place
    return [session for session, _ in found], looked_at[-1]


def counted_traces(filters: Filters) -> QuerySet[Trace]:
    """The traces that count: of the environment and the service."""
    named = {name: value for name in ("environment", "service") if (value := getattr(filters, name))}
    return Trace.objects.filter(**named)


def matching(traces: QuerySet[Trace], window: Window, filters: Filters) -> tuple[QuerySet[Trace], int]:
    """Those of the traces that choose a session; and how many a step of the walk looks at, 0 where an index leads."""
    if filters.outcome:
        traces = traces.filter(**{"failures" if filters.outcome == OK else "failures__gt": 0})
    if filters.session_id:
        traces = traces.filter(is_of_session(filters.session_id))
    if filters.trace_id:
        traces = traces.filter(trace_id=filters.trace_id)
    is_one = bool(filters.session_id or filters.trace_id)
    of_records = replace(filters, environment="", service="", outcome="", session_id="", trace_id=b"")
    if of_records == Filters():
        return traces, 0 if is_one or filters == Filters() else SCAN
    chosen = matching_records(window, of_records)
    if of_records.lead_by_index and len(chosen.order_by().values_list("start_time_unix_nano")[:FEW]) < FEW:
        return traces.filter(trace_id__in=chosen.values("trace_id")), 0
    return traces.filter(Exists(of_trace(window, of_records))), 0 if is_one else SCAN_RECORDS


def of_trace(window: Window, filters: Filters) -> QuerySet[Record]:
    """The records of each trace that match. As expressions: by columns, SQLite would take the index of all traces."""
    rows = Record.objects.filter(trace_id=OuterRef("trace_id")).annotate(
        at=F("start_time_unix_nano") + 0,
        told=Concat("signal_type", Value("", TextField())),
        cluster=F("fingerprint") + 0,
    )
    asked = {"operation": filters.operation, "told": filters.signal_type, "cluster": filters.fingerprint}
    wanted = {name: value for name, value in asked.items() if value not in ("", None)}
    return rows.filter(at__gte=window.start_unix_nano, at__lt=window.end_unix_nano, **wanted)


def suits(session: Session, filters: Filters) -> bool:
    """Whether the whole session has the outcome that is asked for: one good trace does not make it ok."""
    return not filters.outcome or session.outcome == filters.outcome


def detail(window: Window, session_id: str, cursor: Cursor | None, limit: int) -> Detail | None:
    """The session with its records, oldest first, or None when no trace of it starts in the window."""
    traces = in_window(Trace.objects.all(), window).filter(is_of_session(session_id))
    with snapshot():
        found = summaries([session_id], traces)
        if not found:
            return None
        rows = Record.objects.filter(trace_id__in=traces.values("trace_id"))
        if cursor:
            rows = rows.filter(start_time_unix_nano__gte=cursor.start_unix_nano).filter(
                Q(start_time_unix_nano__gt=cursor.start_unix_nano)
                | Q(trace_id__gt=cursor.trace_id)
                | Q(trace_id=cursor.trace_id, span_id__gt=cursor.span_id)
            )
        in_order = rows.order_by("start_time_unix_nano", "trace_id", "span_id")
        return Detail(next(iter(found.values())), record_pages.cut(in_order, cursors.TURNS, window, limit))
