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
    """
    The fix that was compared.

    Its window after begins when it shipped, or with the first record of its release if that came before the report, and
    the one before ends there: what fails in its release would else be what failed before. At most 30 days ago.
    """
    before, until, choice = (
        window_before(loop, comparison),
        comparison.after.window.end_unix_nano,
        comparison.releases,
    )
    since = min(before.end_unix_nano, choice.first_unix_nano or before.end_unix_nano)
    if since > before.start_unix_nano:
        before = Window(before.start_unix_nano, since)
    start = max(before.end_unix_nano, until - MAX_MINUTES * MINUTE_NANO)
    after = Window(min(start, until), until)
    left_out = choice.in_window(after, releases.of_service(loop.service)) if choice.left_out else frozenset()
    return FixInPlace(
        loop,
        before,
        after,
        replace(comparison.target, without_releases=left_out),
        since,
        choice.first_unix_nano is not None,
    )


def window_before(loop: Loop, comparison: Comparison) -> Window:
    """The window before the fix shipped; once it held, that is not the one that it is compared with."""
    held = recount.held_verification(loop) if loop.state == Loop.State.HELD else None
    return Window.from_document(held.document["before"]["window"]) if held else comparison.before.window
