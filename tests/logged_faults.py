"""What the process remembers of the faults that it logged: identical lines are logged once in ten seconds."""

from __future__ import annotations

from loopkit.http import store_fault


def forget_logged_faults() -> None:
    """The next fault is logged, whichever were before."""
    store_fault._last_logged.clear()
