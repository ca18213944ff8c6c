"""How much a window of the bound project holds, told from the traces' rows; and what became of every span sent."""

from __future__ import annotations

from django.db.models import Count, Q, Sum

from telemetry.models import Tally, Trace
from telemetry.reads.filters import in_window
from telemetry.windows import Window


def traces_and_sessions(window: Window) -> tuple[int, int]:
    """Traces that start in the window, and the sessions they belong to; a trace without a session is its own."""
    found = in_window(Trace.objects.all(), window).aggregate(
        traces=Count("trace_id"),
        alone=Count("trace_id", filter=Q(session_id="")),
        named=Count("session_id", distinct=True, filter=~Q(session_id="")),
    )
    return found["traces"], found["alone"] + found["named"]


def by_fate() -> dict[str, int]:
    """Every span that was ever sent, by what became of it: stored, duplicate, or why it was not stored."""
    return dict(Tally.objects.values_list("reason").annotate(Sum("count")).order_by("reason"))
