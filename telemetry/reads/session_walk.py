"""
From the newest trace down to sessions: each is met once, at its newest trace.

A walk ends after MAX_STEPS, wherever it is: a session of a million traces makes short pages, not slow ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from telemetry.models import Trace
from telemetry.reads import cursors, filters
from telemetry.reads.cursors import Cursor
from telemetry.reads.session_summaries import key
from telemetry.windows import Window

CHUNK = 500  # traces that one step reads
SCAN = 5_000  # traces that one step looks at, where no index leads to those that match
SCAN_RECORDS = 250  # the same, where the records of each must be looked at
MAX_STEPS = 20

Row = tuple[int, bytes | memoryview, str]  # start time, trace id, session id


@dataclass(slots=True)
class Walk:
    """The sessions of the window's traces behind `after`."""

    window: Window
    traces: QuerySet[Trace]  # of any time
    after: Cursor | None
    scan: int  # traces that a step looks at, where no index leads to those that match; else 0
    place: Cursor | None = None  # where a walk that ended early is taken up again

    def sessions(self) -> Iterator[tuple[str, Cursor]]:
        """Each session with the place of its newest trace, but for those that were met before `after`."""
        met: set[str] = set()
        self.place = self.after
        for _ in range(MAX_STEPS):
            fresh: dict[str, Row] = {}
            for row in self.step():
                if (name := key(row[2], row[1])) not in met:
                    fresh.setdefault(name, row)
            met |= fresh.keys()
            earlier = self.met_earlier(fresh)
            yield from ((name, self.at(row)) for name, row in fresh.items() if name not in earlier)
            if self.place is None:
                return

    def step(self) -> list[Row]:
        """The next traces, newest first. `place` is then behind them, or None at the end of the window."""
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
        """The place of a trace."""
        return Cursor(cursors.SESSIONS, self.window, row[0], bytes(row[1]))

    def met_earlier(self, session_ids: Iterable[str]) -> set[str]:
        """Those of the sessions that have a trace at `after` or before it in the walk."""
        if self.after is None:
            return set()
        start = self.after.start_unix_nano
        above = filters.in_window(self.traces, Window(start, self.window.end_unix_nano)).filter(
            Q(start_time_unix_nano__gt=start) | Q(trace_id__gte=self.after.trace_id)
        )
        ids = above.filter(filters.has_session_id(session_ids)).values_list("session_id", flat=True)
        return set(ids.distinct())
