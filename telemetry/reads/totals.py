"""Counts of a window's traces and sessions, from the traces' rows, and the tallies of everything ever sent."""

from __future__ import annotations

from django.db.models import Count, Q, Sum

from telemetry.models import Tally, Trace
from telemetry.reads.filters import in_window
from telemetry.spans.signal_traces import IS_SIGNAL
from telemetry.windows import Window


def traces_and_sessions(window: Window) -> tuple[int, int]:
    """
    The traces that start in the window and their sessions, without user signals; a trace without session id is a
    session of its own.
    """
    counts = in_window(Trace.objects.exclude(IS_SIGNAL), window).aggregate(
        traces=Count("trace_id"),
        lone_traces=Count("trace_id", filter=Q(session_id="")),
        session_ids=Count("session_id", distinct=True, filter=~Q(session_id="")),
    )
    return counts["traces"], counts["lone_traces"] + counts["session_ids"]


def by_outcome() -> dict[str, int]:
    """The tallies of all time by reason: spans stored, duplicate or not stored, and values changed before storing."""
    return dict(Tally.objects.values_list("reason").annotate(Sum("count")).order_by("reason"))
