"""
A walk over traces from the newest down that yields each session once, at its newest trace.

It ends after MAX_STEPS steps, wherever it is: a session of a million traces makes pages short instead of slow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from telemetry.models import Trace
from telemetry.reads import cursors, filters
from telemetry.reads.cursors import Cursor
from telemetry.reads.session_summaries import session_key
from telemetry.windows import Window

CHUNK = 500  # traces that one step reads
SCAN = 5_000  # traces that one step examines, where no index finds those that match
SCAN_RECORDS = 250  # traces that one step examines, where their records must be examined too
MAX_STEPS = 20

Row = tuple[int, bytes | memoryview, str]  # start time, trace id, session id


@dataclass(slots=True)
class Walk:
    """A walk over the window's traces behind `after`, which yields their sessions."""

    window: Window
    traces: QuerySet[Trace]  # of any time; the walk takes those in the window
    after: Cursor | None
    scan: int  # traces that a step examines, where no index finds those that match; else 0
    place: Cursor | None = None  # where to go on with a walk that ended early; None at its end

    def sessions(self) -> Iterator[tuple[str, Cursor]]:
        """Each session with the cursor of its newest trace, except those with a trace at `after` or before it."""
        visited: set[str] = set()
        self.place = self.after
        for _ in range(MAX_STEPS):
            new_sessions: dict[str, Row] = {}
            for row in self.step():
                if (name := session_key(row[2], row[1])) not in visited:
                    new_sessions.setdefault(name, row)
            visited |= new_sessions.keys()
            earlier = self.met_earlier(new_sessions)
            yield from ((name, self.at(row)) for name, row in new_sessions.items() if name not in earlier)
            if self.place is None:
                return

    def step(self) -> list[Row]:
        """Read the next traces, newest first, and set `place` behind them, or to None at the end of the window."""
        lowest = filters.floor(Trace.objects.all(), self.window, self.place, self.scan) if self.scan else None
        rows = filters.in_window(self.traces, filters.reach(self.window, self.place, lowest))
        if self.place:
            rows = rows.filter(
                Q(start_time_unix_nano__lt=self.place.start_unix_nano) | Q(trace_id__lt=self.place.trace_id)
            )
        newest = rows.order_by("-start_time_unix_nano", "-trace_id")[:CHUNK]
        chunk = list(newest.values_list("start_time_unix_nano", "trace_id", "session_id"))
        if len(chunk) == CHUNK:
            self.place = self.at(chunk[-1])
        else:
            self.place = None if lowest is None else self.at((lowest, bytes(16), ""))
        return chunk

    def at(self, row: Row) -> Cursor:
        """The cursor of a trace."""
        return Cursor(cursors.SESSIONS, self.window, row[0], bytes(row[1]))

    def met_earlier(self, session_ids: Iterable[str]) -> set[str]:
        """The sessions among these that have a trace at `after` or before it in the walk."""
        if self.after is None:
            return set()
        start = self.after.start_unix_nano
        above = filters.in_window(self.traces, Window(start, self.window.end_unix_nano)).filter(
            Q(start_time_unix_nano__gt=start) | Q(trace_id__gte=self.after.trace_id)
        )
        ids = above.filter(filters.has_session_id(session_ids)).values_list("session_id", flat=True)
        return set(ids.distinct())
