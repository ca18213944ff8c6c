"""
Samples of what a window holds: equal slices of it, and the traces that rules over windows read.

All traces of a window are read if they are few. Of more, the times are cut into equal stretches, and of each stretch
one piece is read, in which one trace starts on average, chosen by the hash of the stretch. These follow from the times
and the number of the traces and not from the window's bounds, so that windows that hold the same traces draw the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from telemetry.hashing import hash64
from telemetry.models import Trace
from telemetry.reads.filters import in_window
from telemetry.spans.signal_traces import END, IS_SIGNAL, PREFIX
from telemetry.store.sql import ROWS, fetch, fetch_many
from telemetry.windows import Window

SLICES = 20  # of a window
MOST_DRAWN = 4  # times as many as asked for, where many traces start at once
WORK = "FROM telemetry_trace WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s"
FIRST_AND_LAST = (
    f"SELECT (SELECT MIN(start_time_unix_nano) {WORK}), (SELECT MAX(start_time_unix_nano) {WORK})"
)
# CROSS JOIN, so that SQLite looks each piece up in the index of times.
IN_PIECES = f"""
    WITH pieces (first, last) AS (VALUES {ROWS})
    SELECT start_time_unix_nano, trace_id FROM pieces CROSS JOIN telemetry_trace
    WHERE start_time_unix_nano >= first AND start_time_unix_nano < last
"""  # noqa: S608  (constants)


class TraceSample(NamedTuple):
    """The traces that were drawn from those of a window, and how many these are, without user signals."""

    trace_ids: list[bytes]
    of: int

    @property
    def is_whole(self) -> bool:
        """Whether all traces of the window were drawn."""
        return len(self.trace_ids) == self.of


def slices(window: Window) -> list[Window]:
    """The window in SLICES equal parts, by time; without those that are empty because the window is so short."""
    start, length = window.start_unix_nano, window.end_unix_nano - window.start_unix_nano
    cuts = [start + length * number // SLICES for number in range(SLICES + 1)]
    return [Window(begin, end) for begin, end in pairwise(cuts) if begin < end]


def draw_traces(window: Window, most: int) -> TraceSample:
    """The traces of work that start in the bound project's window, `most` or fewer, or about as many of them."""
    all_traces = in_window(Trace.objects.all(), window)
    number = all_traces.count() - all_traces.filter(IS_SIGNAL).count()
    pieces = [window_bounds(window)] if number <= most else chosen_pieces(window, number, most)
    rows = sorted((start, bytes(trace_id)) for start, trace_id in fetch_many(IN_PIECES, pieces))
    drawn = [trace_id for _, trace_id in rows if not PREFIX <= trace_id < END]
    return TraceSample(drawn[: MOST_DRAWN * most], number)


def chosen_pieces(window: Window, number: int, most: int) -> list[tuple[int, int]]:
    """The bounds of the pieces of time in which the traces start that are drawn from so many."""
    bounds = window_bounds(window)
    first, last = fetch(FIRST_AND_LAST, [*bounds, *bounds])[0]
    # Powers of two, so that a few traces more or less draw the same ones.
    bits = ((last - first + 1) // number).bit_length()
    step = 1 << (-(-number // most) - 1).bit_length()
    stretches = range((first >> bits) // step, (last >> bits) // step + 1)
    chosen = [stretch * step + hash64(stretch.to_bytes(8)) % step for stretch in stretches]
    start, end = bounds
    return [(max(start, piece << bits), min(end, (piece + 1) << bits)) for piece in chosen]


def window_bounds(window: Window) -> tuple[int, int]:
    """The start and the end of the window in unix nanoseconds."""
    return window.start_unix_nano, window.end_unix_nano
