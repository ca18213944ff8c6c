"""
The timeline of a loop's failures: numbers of its packet's window and of the window before, and the bars of a chart.

Failures are read by the index on their cluster. How often the operation ran is read from rollups, which have no index
on operations; it is counted only for windows of a day or less, so that the page stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.quantities import to_the_minute
from diagnosis.loops import lifecycle
from diagnosis.models import Loop
from diagnosis.verification import baseline
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from telemetry.reads import cluster_failures
from telemetry.windows import Window, moment

PARTS = 24  # bars for each window
LONGEST = 1440  # minutes of a window whose traffic is counted
STEP, HEIGHT = 10, 48  # width of a bar and height of the chart, in its own units
LEAST = 3  # the lowest height of a bar that has a failure


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """One part of a window, and its bar."""

    start: str
    failures: int
    is_now: bool
    x: int
    height: int

    @property
    def y(self) -> int:
        """The y coordinate of the bar's upper edge."""
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class TimelineWindow:
    """The numbers of one window; `ran`, how often the operation ran, is None if it was not counted."""

    start: str
    end: str
    failures: int
    ran: int | None

    @property
    def share(self) -> float | None:
        """The share of the operation's records that failed, 0 to 1; None if it is not known."""
        return self.failures / self.ran if self.ran else None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline: both windows, and the parts of both in order of time."""

    before: TimelineWindow
    now: TimelineWindow
    parts: list[TimelineBar]

    @property
    def width(self) -> int:
        """The width of the chart."""
        return STEP * len(self.parts)

    @property
    def middle(self) -> int:
        """The x coordinate at which the packet's window begins."""
        return self.width // 2

    @property
    def most(self) -> int:
        """The number of failures in the part with the most."""
        return max(part.failures for part in self.parts)


def read_timeline(loop: Loop) -> Timeline | None:
    """
    The timeline of the loop, from the bound project's store.

    None if the failure was found over a window, so that no record carries it, or the packet names no window.
    """
    window = packet_window(loop)
    if window is None or loop.signal_type in WINDOW_RULES.signals:
        return None
    counts = failures_by_part(loop, window)
    operations = cluster_counts.failing_operations(window, lifecycle.loop_fingerprint(loop))
    target = baseline.target(loop, operations)
    before, now = side(target, window.before, counts[:PARTS]), side(target, window, counts[PARTS:])
    return Timeline(before, now, timeline_bars(window, counts))


def packet_window(loop: Loop) -> Window | None:
    """The window of the loop's packet; None if the packet names none, or one too short for PARTS."""
    stored = loop.packet.document.get("window")
    window = Window.from_document(stored) if stored else None
    return window if window and window.end_unix_nano - window.start_unix_nano >= PARTS else None


def failures_by_part(loop: Loop, window: Window) -> list[int]:
    """The number of the cluster's failures in each part, first the parts of the window before."""
    start, size = window.before.start_unix_nano, part_nano(window)
    failed = cluster_failures.failures(Window(start, window.end_unix_nano), lifecycle.loop_fingerprint(loop))
    rows = failed.annotate(part=(F("start_time_unix_nano") - start) / size).values("part")
    counts = dict(rows.annotate(n=Count("*")).order_by().values_list("part", "n"))
    return [counts.get(number, 0) for number in range(2 * PARTS)]


def part_nano(window: Window) -> int:
    """The length of a part in nanoseconds, rounded up so that the parts cover both windows."""
    return -(-(window.end_unix_nano - window.start_unix_nano) // PARTS)


def side(target: Target, window: Window, counts: Sequence[int]) -> TimelineWindow:
    """The numbers of one window."""
    ran = None
    if window.since_minutes <= LONGEST:
        ran = cluster_counts.count_cluster(window, target).exposure
    start, end = (
        to_the_minute(moment(nanoseconds)) for nanoseconds in (window.start_unix_nano, window.end_unix_nano)
    )
    return TimelineWindow(start, end, sum(counts), ran)


def timeline_bars(window: Window, counts: Sequence[int]) -> list[TimelineBar]:
    """The bars, scaled so that the part with the most failures has the full height."""
    start, size, highest = window.before.start_unix_nano, part_nano(window), max(1, *counts)
    return [
        TimelineBar(
            start=to_the_minute(moment(start + number * size)),
            failures=failed,
            is_now=number >= PARTS,
            x=number * STEP,
            height=max(LEAST, failed * HEIGHT // highest) if failed else 0,
        )
        for number, failed in enumerate(counts)
    ]
