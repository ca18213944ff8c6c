"""Equal slices of a window; a sample with as much from each slice is spread over the whole window."""

from __future__ import annotations

from itertools import pairwise

from telemetry.models import Trace
from telemetry.reads.filters import in_window
from telemetry.spans.signal_traces import IS_SIGNAL
from telemetry.windows import Window

SLICES = 20  # of a window


def slices(window: Window) -> list[Window]:
    """The window in SLICES equal parts, by time; without those that are empty because the window is so short."""
    start, length = window.start_unix_nano, window.end_unix_nano - window.start_unix_nano
    cuts = [start + length * number // SLICES for number in range(SLICES + 1)]
    return [Window(begin, end) for begin, end in pairwise(cuts) if begin < end]


def first_traces(part: Window, most: int) -> list[tuple[bytes, int]]:
    """
    The first traces that start in this part of the bound project's window, with their numbers of records; without user
    signals, which would take the places of traces of work.
    """
    traces = in_window(Trace.objects.exclude(IS_SIGNAL), part).order_by("start_time_unix_nano", "trace_id")
    rows = traces.values_list("trace_id", "records")[:most]
    return [(bytes(trace_id), records) for trace_id, records in rows]
