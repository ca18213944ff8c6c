"""
How a loop's failures lie in the window of its packet and in the one before it: numbers, and bars for a small picture.

Failures come from the index of their cluster. How often the operation ran comes from rollups, which have none for an
operation: it is read for windows of a day or less, so that the page stays quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F

from diagnosis.detection.rules import RULES
from diagnosis.display.quantities import to_the_minute
from diagnosis.loops import lifecycle
from diagnosis.models import Loop
from diagnosis.verification import baseline
from diagnosis.window import exposure
from telemetry.models import Record
from telemetry.windows import Window
from telemetry.windows import moment as moment_of

PARTS = 24  # of each window
LONGEST = 1440  # minutes of a window whose traffic is counted
STEP, HEIGHT = 10, 48  # of the picture, in its own units
LEAST = 3  # height of a bar of one failure


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """One stretch of time, and its bar."""

    start: str
    failures: int
    is_now: bool
    x: int
    height: int

    @property
    def y(self) -> int:
        """The bar's upper edge."""
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class TimelineWindow:
    """One of the two windows in numbers; `ran` is None where it was not counted."""

    start: str
    end: str
    failures: int
    ran: int | None

    @property
    def share(self) -> float | None:
        """Of the operation's records that failed."""
        return self.failures / self.ran if self.ran else None


@dataclass(frozen=True, slots=True)
class Course:
    """Both windows, and the parts of both in order."""

    before: TimelineWindow
    now: TimelineWindow
    parts: list[TimelineBar]

    @property
    def width(self) -> int:
        """Of the picture."""
        return STEP * len(self.parts)

    @property
    def middle(self) -> int:
        """Where the window begins."""
        return self.width // 2

    @property
    def most(self) -> int:
        """Failures of the worst part."""
        return max(part.failures for part in self.parts)


def read(loop: Loop) -> Course | None:
    """Of the bound project. None where no record carries the failure, or the packet names no window."""
    window = window_of(loop)
    if window is None or loop.signal_type in RULES.signals:
        return None
    counted = failures(loop, window)
    before, now = side(loop, window.before, counted[:PARTS]), side(loop, window, counted[PARTS:])
    return Course(before, now, parts(window, counted))


def window_of(loop: Loop) -> Window | None:
    """The window of the loop's packet; None where the packet names none, or one too short for PARTS."""
    stored = loop.packet.document.get("window")
    window = Window.from_document(stored) if stored else None
    return window if window and window.end_unix_nano - window.start_unix_nano >= PARTS else None


def failures(loop: Loop, window: Window) -> list[int]:
    """The cluster's failures by part, first those of the window before."""
    start, size = window.before.start_unix_nano, part_nano(window)
    failed = Record.objects.filter(
        fingerprint=lifecycle.fingerprint(loop),
        start_time_unix_nano__gte=start,
        start_time_unix_nano__lt=window.end_unix_nano,
    )
    rows = failed.annotate(part=(F("start_time_unix_nano") - start) / size).values("part")
    counts = dict(rows.annotate(n=Count("*")).order_by().values_list("part", "n"))
    return [counts.get(number, 0) for number in range(2 * PARTS)]


def part_nano(window: Window) -> int:
    """How long a part is; both windows together end with the last one or before it."""
    return -(-(window.end_unix_nano - window.start_unix_nano) // PARTS)


def side(loop: Loop, window: Window, counted: Sequence[int]) -> TimelineWindow:
    """One window in numbers."""
    ran = None
    if window.since_minutes <= LONGEST:
        target = baseline.target(loop, frozenset())
        ran = exposure.tally(window, target.ran, target.failed)[0]
    start, end = (to_the_minute(moment_of(at)) for at in (window.start_unix_nano, window.end_unix_nano))
    return TimelineWindow(start, end, sum(counted), ran)


def parts(window: Window, counted: Sequence[int]) -> list[TimelineBar]:
    """The bars; the highest is the worst part."""
    start, size, most = window.before.start_unix_nano, part_nano(window), max(1, *counted)
    return [
        TimelineBar(
            start=to_the_minute(moment_of(start + number * size)),
            failures=failed,
            is_now=number >= PARTS,
            x=number * STEP,
            height=max(LEAST, failed * HEIGHT // most) if failed else 0,
        )
        for number, failed in enumerate(counted)
    ]
