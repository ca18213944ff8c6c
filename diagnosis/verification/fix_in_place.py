"""The fix of a loop with the windows before and after it, also once it held: what else came with it is sought there."""

from __future__ import annotations

from dataclasses import replace

from diagnosis.models import Loop
from diagnosis.side_effects.linked import FixInPlace
from diagnosis.verification import recount
from diagnosis.verification.comparison import Comparison
from diagnosis.window import releases
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window


def fix_in_place(loop: Loop, comparison: Comparison) -> FixInPlace:
    """The fix that was compared; its window after begins when it shipped, at most 30 days ago."""
    before, until = window_before(loop, comparison), comparison.after.window.end_unix_nano
    start = max(before.end_unix_nano, until - MAX_MINUTES * MINUTE_NANO)
    after = Window(min(start, until), until)
    choice = comparison.releases
    left_out = choice.in_window(after, releases.of_service(loop.service)) if choice.left_out else frozenset()
    return FixInPlace(
        loop,
        before,
        after,
        replace(comparison.target, without_releases=left_out),
        min(before.end_unix_nano, choice.first_unix_nano or before.end_unix_nano),
        choice.first_unix_nano is not None,
    )


def window_before(loop: Loop, comparison: Comparison) -> Window:
    """The window before the fix shipped; once it held, that is not the one that it is compared with."""
    held = recount.held_verification(loop) if loop.state == Loop.State.HELD else None
    return Window.from_document(held.document["before"]["window"]) if held else comparison.before.window
