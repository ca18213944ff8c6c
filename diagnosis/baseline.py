"""
What a fix is measured against: the failures of a loop's cluster before it shipped.

For a first fix: from the start of the window of the packet that proposed the loop. For a later one: from
where the last window before a fix ended. At most 30 days. Once a fix held, verification.py keeps the window
in which it held instead, so that a failure that returns is a regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis import exposure
from diagnosis.judge import Counts
from diagnosis.models import Loop, LoopEvent, Packet
from telemetry.fingerprint import of_cluster_id
from telemetry.times import rfc3339
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, unix_nano
from tenants.binding import bind


@dataclass(frozen=True, slots=True)
class Side:
    """One window with what was counted in it."""

    window: Window
    counts: Counts

    def shown(self) -> dict[str, Any]:
        """As answers and `Loop.baseline` hold it."""
        window = self.window
        return {
            "failures": self.counts.failures,
            "exposure": self.counts.exposure,
            "rate": self.counts.rate,
            "window": {
                "start": rfc3339(window.start_unix_nano),
                "end": rfc3339(window.end_unix_nano),
                "since_minutes": window.since_minutes,
            },
        }

    @classmethod
    def read(cls, shown: dict[str, Any]) -> Side:
        """What `shown` wrote."""
        start, end = (unix_nano(datetime.fromisoformat(shown["window"][at])) for at in ("start", "end"))
        return cls(Window(start, end), Counts(shown["failures"], shown["exposure"]))


def current(loop: Loop, shipped_at: datetime) -> dict[str, Any]:
    """What the loop was given when it shipped or held; counted now if it was given none for this release."""
    kept: dict[str, Any] | None = loop.baseline
    if kept and (loop.state == Loop.State.HELD or kept["window"]["end"] == rfc3339(shipped_at)):
        return kept
    return baseline(loop, shipped_at)


def baseline(loop: Loop, until: datetime) -> dict[str, Any]:
    """Failures and exposure before a fix: for `Loop.baseline`, when it ships at `until`."""
    end = unix_nano(until)
    with bind(loop.project):
        start = max(known_since(loop, until), end - MAX_MINUTES * MINUTE_NANO)
        return count(loop, Window(min(start, end), end)).shown()


def known_since(loop: Loop, until: datetime) -> int:
    """Where the window before a fix starts, in unix nanoseconds."""
    last = loop.baseline and loop.baseline["window"]["end"]
    if last and last < rfc3339(until):  # an earlier fix of the same failure: what was before it is history
        return unix_nano(datetime.fromisoformat(last))
    return unix_nano(datetime.fromisoformat(first_packet(loop).document["window"]["start"]))


def first_packet(loop: Loop) -> Packet:
    """The packet that proposed the loop."""
    proposed = loop.events.filter(kind=LoopEvent.Kind.PROPOSED).first()
    named = proposed.detail.get("packet_id") if proposed else None
    return Packet.objects.filter(packet_id=named).first() or loop.packet


def count(loop: Loop, window: Window) -> Side:
    """The loop's cluster in one window."""
    return Side(window, exposure.counts(window, loop.service, loop.operation, fingerprint(loop)))


def fingerprint(loop: Loop) -> int:
    """Of the loop's cluster."""
    found = of_cluster_id(loop.cluster_id)
    if found is None:
        raise ValueError(f"{loop.cluster_id!r} of {loop.loop_id} is not a cluster id")
    return found
