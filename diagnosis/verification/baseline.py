"""
What a fix is measured against: the failures of a loop's cluster before it shipped.

For a first fix: from the start of the window of the packet that proposed the loop. For a later one: from
where the last window before a fix ended. At most 30 days. Once a fix held, verify.py keeps the window
in which it held instead, with the rate that the verdict allows, so that a failure that returns is a regression.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from diagnosis.detection import agent_runs
from diagnosis.detection.rules import RULES
from diagnosis.loops import lifecycle
from diagnosis.models import Loop, LoopEvent, Packet
from diagnosis.statistics.overdispersion import Clustering, Observed
from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts as observed
from diagnosis.window import releases
from diagnosis.window.cluster_counts import Target
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, rfc3339, unix_nano
from tenants.stores.binding import bind


@dataclass(frozen=True, slots=True)
class Side:
    """One window with what was observed in it."""

    window: Window
    observed: Observed
    releases: frozenset[str] = frozenset()  # that ran in it
    operations: frozenset[str] = frozenset()  # in which the cluster failed, beside the loop's own
    others: Mapping[int, int] = field(default_factory=dict)  # failures of its siblings, by fingerprint
    allowed_rate: float | None = None  # of failures: once the fix held

    @property
    def counts(self) -> Counts:
        """Failures and exposure."""
        return self.observed.counts

    def shown(self) -> dict[str, Any]:
        """As answers say it."""
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

    def kept(self) -> dict[str, Any]:
        """As `Loop.baseline` holds it."""
        lain = self.observed.clustering
        return self.shown() | {
            "batches": [[batch.failures, batch.exposure] for batch in self.observed.batches],
            "clustering": [lain.squares, lain.independent],
            "releases": sorted(self.releases),
            "operations": sorted(self.operations),
            "others": {str(key): number for key, number in self.others.items()},
            "allowed_rate": self.allowed_rate,
        }

    @classmethod
    def read(cls, kept: dict[str, Any]) -> Side:
        """What `kept` wrote."""
        batches = tuple(Counts(*batch) for batch in kept.get("batches", []))
        lain = Clustering(*kept.get("clustering", []))
        found = Observed(Counts(kept["failures"], kept["exposure"]), batches, lain)
        ran, failed = (frozenset(kept.get(name, [])) for name in ("releases", "operations"))
        others = {int(key): number for key, number in kept.get("others", {}).items()}
        return cls(Window.from_document(kept["window"]), found, ran, failed, others, kept.get("allowed_rate"))


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
        window = Window(min(start, end), end)
        failed = observed.operations(window, lifecycle.fingerprint(loop))
        counted = target(loop, failed)
        found, others = count(loop, window, counted), observed.others(window, counted)
        return Side(window, found, releases.seen(window, loop.service), failed, others).kept()


def count(loop: Loop, window: Window, target: Target) -> Observed:
    """What the bound project's window holds of the loop's cluster."""
    if loop.signal_type in RULES.by_visits:  # no record carries its fingerprint
        return agent_runs.observe(loop.signal_type, window, target)
    return observed.read(window, target)


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


def target(loop: Loop, operations: frozenset[str], without_releases: frozenset[str] = frozenset()) -> Target:
    """What is counted for the loop."""
    return Target(loop.service, operations | {loop.operation}, lifecycle.fingerprint(loop), without_releases)
