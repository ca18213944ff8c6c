"""The slices of a window."""

from __future__ import annotations

from itertools import pairwise

from diagnosis.window.sampling import slices
from telemetry.windows import Window


def test_the_slices_of_a_window_meet_and_lose_nothing() -> None:
    parts = slices(Window(0, 1003))

    assert (parts[0].start_unix_nano, parts[-1].end_unix_nano) == (0, 1003)
    assert all(one.end_unix_nano == other.start_unix_nano for one, other in pairwise(parts))
