"""
The baseline of a fix: the failures of a loop's cluster in the window before the fix shipped.

For a first fix the window starts where the window of the packet that proposed the loop starts; for a later one, where
the window before the previous fix ended, or, if none failed since then, where that window started. It covers at most
30 days. Once a fix held, verify.py stores the window in
which it held instead, with the failure rate that the verdict allows, so that a failure that returns is a regression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Any

from diagnosis.detection import visited_runs
from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.loops import fixes, lifecycle
from diagnosis.models import Loop, LoopEvent, Packet
from diagnosis.statistics.overdispersion import Clustering, Observed
from diagnosis.statistics.rates import Counts
from diagnosis.verification import own_durations
from diagnosis.verification.own_durations import SlowRecords
from diagnosis.verification.reasons import FAILURES, SAMPLED, SLOW, TRACES, WITH_CAUSED
from diagnosis.window import cluster_counts, releases
from diagnosis.window.cluster_counts import Target
from diagnosis.window.environment_counts import counts_by_environment
from diagnosis.window.releases import ReleaseChoice, SeenRelease
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, rfc3339, unix_nano
from tenants.stores.binding import bind


@dataclass(frozen=True, slots=True)
class ComparedWindow:
    """One window, before or after a fix, with what was counted in it."""

    window: Window
    observed: Observed
    counted: str = FAILURES
    operations: frozenset[str] = frozenset()  # operations in which the cluster failed, beside the loop's own
    others: Mapping[int, int] = field(default_factory=dict)  # failures of other clusters, by fingerprint
    allowed_rate: float | None = None  # failures per record that the verdict `held` allows; None before it
    failures_a_session: float = 1.0  # of the failing sessions before a fix that held
    environments: Mapping[str, Counts] | None = (
        None  # the parts of the counts; None where they were not counted
    )
    durations: Sequence[float] = ()  # own times that were read of a loop about latency, sorted; not stored
    slow: SlowRecords | None = None  # of these; no record that is slow is one of `observed.failures`

    @property
    def counts(self) -> Counts:
        """The failures and the exposure of the window."""
        return self.observed.counts

    @property
    def shown_counts(self) -> Counts:
        """The counts that answers show: of a loop about latency, the slow records of those whose own time was read."""
        return self.slow.counts if self.slow else self.counts

    def shown(self) -> dict[str, Any]:
        """The side as API answers show it."""
        window, counts = self.window, self.shown_counts
        return {
            "failures": counts.failures,
            "exposure": counts.exposure,
            "rate": counts.rate,
            "counted": self.counted,
            **({"slow_above_ms": self.slow.above_ms} if self.slow else {}),
            "window": {
                "start": rfc3339(window.start_unix_nano),
                "end": rfc3339(window.end_unix_nano),
                # Rounded up, so that a read of so many minutes has the whole window.
                "since_minutes": max(1, -(-window.length_nano // MINUTE_NANO)),
            },
        }

    def as_document(self) -> dict[str, Any]:
        """The side as `Loop.baseline` stores it."""
        clustering, parts = self.observed.clustering, self.environments
        observed = {"observed": list(astuple(self.counts))} if self.slow else {}
        return (
            self.shown()
            | observed
            | {
                "batches": [[batch.failures, batch.exposure] for batch in self.observed.batches],
                "clustering": [clustering.squares, clustering.independent],
                "operations": sorted(self.operations),
                "others": {str(fingerprint): failures for fingerprint, failures in self.others.items()},
                "allowed_rate": self.allowed_rate,
                "failures_a_session": self.failures_a_session,
                "environments": None
                if parts is None
                else {name: list(astuple(part)) for name, part in parts.items()},
            }
        )

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> ComparedWindow:
        """The side that `as_document` wrote."""
        batches = tuple(Counts(*batch) for batch in document.get("batches", []))
        clustering = Clustering(*document.get("clustering", []))
        shown = Counts(document["failures"], document["exposure"])
        counts = Counts(*document["observed"]) if "observed" in document else shown
        return cls(
            Window.from_document(document["window"]),
            Observed(counts, batches, clustering),
            # Earlier versions counted records with the cluster's fingerprint, whatever had caused them.
            counted=document.get("counted", WITH_CAUSED),
            operations=frozenset(document.get("operations", [])),
            others={int(key): number for key, number in document.get("others", {}).items()},
            allowed_rate=document.get("allowed_rate"),
            failures_a_session=document.get("failures_a_session", 1.0),
            environments=stored_environments(document),
            slow=SlowRecords(shown, document["slow_above_ms"]) if "slow_above_ms" in document else None,
        )


def stored_environments(document: dict[str, Any]) -> dict[str, Counts] | None:
    """The counts by environment of a stored side; None if an earlier version counted it."""
    stored = document.get("environments")
    return None if stored is None else {name: Counts(*part) for name, part in stored.items()}


def current_baseline(loop: Loop, shipped_at: datetime) -> dict[str, Any]:
    """The baseline stored when the loop's fix shipped or held; counted now if none is stored for this shipment."""
    document: dict[str, Any] | None = loop.baseline
    if document is None:
        return baseline(loop, shipped_at)
    if loop.state == Loop.State.HELD:
        return document
    if document["window"]["end"] != rfc3339(shipped_at):
        return baseline(loop, shipped_at)
    if document["failures"] or loop.attempt < 2:
        return document
    # An earlier version stored what ran between two fixes, also without a failure.
    return baseline(loop, shipped_at, unix_nano(datetime.fromisoformat(document["window"]["start"])))


def baseline(loop: Loop, until: datetime, since: int | None = None) -> dict[str, Any]:
    """
    The failures and exposure before a fix that ships at `until`, as `Loop.baseline` stores them.

    Args:
        since: the start in unix nanoseconds, where it does not follow from the stored baseline.
    """
    with bind(loop.project):
        known = known_since(loop, until) if since is None else since
        counted = counted_before(loop, known, unix_nano(until))
        if not counted.counts.failures and loop.signal_type not in WINDOW_RULES.by_durations:
            # What ran without a failure between two fixes is no rate to compare with; with what came before it, it is.
            earlier = earlier_failures_since(loop, known)
            counted = counted if earlier is None else counted_before(loop, earlier, unix_nano(until))
        return counted.as_document()


def counted_before(loop: Loop, since: int, end: int) -> ComparedWindow:
    """The window between these times in unix nanoseconds, at most its last 30 days, in the bound project."""
    window = Window(min(max(since, end - MAX_MINUTES * MINUTE_NANO), end), end)
    operations = cluster_counts.failing_operations(window, lifecycle.loop_fingerprint(loop))
    cluster = target(loop, operations)
    side = ComparedWindow(
        window=window,
        observed=count_cluster(loop, window, cluster),
        counted=what_is_counted(loop),
        operations=operations,
        others=cluster_counts.other_clusters(window, cluster),
        environments=count_environments(loop, window, cluster),
    )
    if loop.signal_type not in WINDOW_RULES.by_durations:
        return side
    side = with_durations(loop, side, cluster)
    return with_slow_records(side, own_durations.slow_limit_ms(loop, side.durations))


def with_durations(loop: Loop, side: ComparedWindow, cluster: Target) -> ComparedWindow:
    """The side of a loop about latency with the own times of its records, read from the bound project."""
    measure = own_durations.measure_of(loop)
    return replace(side, durations=own_durations.durations(side.window, cluster, measure))


def with_slow_records(side: ComparedWindow, limit_ms: float | None) -> ComparedWindow:
    """The side with its slow records, those that took longer than `limit_ms`; without these where that is not known."""
    if limit_ms is None:
        return side
    return replace(side, slow=SlowRecords(own_durations.above(side.durations, limit_ms), limit_ms))


def earlier_failures_since(loop: Loop, known: int) -> int | None:
    """The start of the latest window with failures before an earlier fix, in unix nanoseconds; None without one."""
    windows = [fix.before["window"] for fix in fixes.shipped_fixes(loop) if fix.before.get("failures")]
    starts = [unix_nano(datetime.fromisoformat(window["start"])) for window in windows]
    return max((start for start in starts if start < known), default=None)


def choose_releases(loop: Loop, seen: Sequence[SeenRelease], shipped_at: datetime) -> ReleaseChoice:
    """The releases of the loop's service that do not count as after its fix, in the bound project."""
    return releases.choose(loop.release, loop.service, seen, unix_nano(shipped_at))


def what_is_counted(loop: Loop) -> str:
    """What the failures of the loop's sides are."""
    if loop.signal_type in WINDOW_RULES.by_durations:
        return SLOW
    if loop.signal_type in WINDOW_RULES.over_runs:
        return TRACES
    return SAMPLED if loop.signal_type in WINDOW_RULES.by_visits else FAILURES


def count_cluster(loop: Loop, window: Window, target: Target) -> Observed:
    """Count the loop's cluster in a window of the bound project."""
    if loop.signal_type in WINDOW_RULES.by_visits:  # no record carries its fingerprint
        return visited_runs.observe(loop.signal_type, window, target)
    return cluster_counts.observe_cluster(window, target)


def count_environments(loop: Loop, window: Window, target: Target) -> dict[str, Counts] | None:
    """The parts of `count_cluster` by environment; None of what the rules over windows found, which no record has."""
    if loop.signal_type in WINDOW_RULES.signals:
        return None
    return counts_by_environment(window, target)


def known_since(loop: Loop, until: datetime) -> int:
    """The start of the window before a fix that ships at `until`, in unix nanoseconds."""
    previous_end = loop.baseline and loop.baseline["window"]["end"]
    # An earlier fix of the same failure shipped: what came before it says nothing about this one.
    if previous_end and previous_end < rfc3339(until):
        return unix_nano(datetime.fromisoformat(previous_end))
    return proposed_since(loop)


def proposed_since(loop: Loop) -> int:
    """The start of the window of the packet that proposed the loop, in unix nanoseconds."""
    return unix_nano(datetime.fromisoformat(first_packet(loop).document["window"]["start"]))


def first_packet(loop: Loop) -> Packet:
    """The packet that proposed the loop, or the loop's current packet if that one is not stored."""
    proposal = loop.events.filter(kind=LoopEvent.Kind.PROPOSED).first()
    packet_id = proposal.detail.get("packet_id") if proposal else None
    return Packet.objects.filter(packet_id=packet_id).first() or loop.packet


def target(loop: Loop, operations: frozenset[str], without_releases: frozenset[str] = frozenset()) -> Target:
    """The cluster, operations and releases that are counted for the loop."""
    return Target(
        loop.service, operations | {loop.operation}, lifecycle.loop_fingerprint(loop), without_releases
    )
