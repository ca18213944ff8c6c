"""The runs whose failures are not known: those too long to be looked at, and those that wait since an upgrade."""

from __future__ import annotations

from typing import NamedTuple

from telemetry.models import LongTrace, PendingRun
from telemetry.reads.filters import in_window
from telemetry.windows import Window


class UnjudgedRuns(NamedTuple):
    """The numbers of traces that rules over runs have not looked at whole."""

    too_long: int  # in the window; of each only what came first was looked at
    pending: int  # in the store, at whatever time


def read_unjudged_runs(window: Window) -> UnjudgedRuns:
    """Those of the bound project's window."""
    return UnjudgedRuns(in_window(LongTrace.objects.all(), window).count(), PendingRun.objects.count())
