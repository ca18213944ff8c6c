"""
The visits by which a verification compares what a rule over windows found, since no record carries its fingerprint.

What rules over runs find is kept at ingest, and all visits of a window count (diagnosis/window/visit_counts.py). A rule
that reads the window itself reads its visits again, from a sample of traces.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import cast

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.detection.rules.registry import ByVisits
from diagnosis.detection.sampled_run import SampledRun
from diagnosis.statistics.overdispersion import Observed
from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts, failing_records, visit_counts
from diagnosis.window.cluster_counts import Target
from diagnosis.window.stretch_rows import StretchRow
from telemetry.windows import MINUTE_NANO, Window


def observe(signal: str, window: Window, target: Target) -> Observed:
    """The failing visits among those to the target's operations in the window."""
    if signal in WINDOW_RULES.over_runs:
        return visit_counts.observe_visits(window, target)
    runs = list(cast(ByVisits, WINDOW_RULES.rules[signal]).visits(window, target))
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    last = max((run.start_time_unix_nano for run in runs if run.failure), default=None)
    if last is None:
        return observe_runs(runs, size)
    then = observe_runs([run for run in runs if run.start_time_unix_nano <= last], size)
    return replace(observe_runs(runs, size), at_last_failure=then)


def observe_runs(runs: list[SampledRun], size: int) -> Observed:
    """The counts of these runs in stretches of this length in nanoseconds, and how they cluster in sessions."""
    rows: list[StretchRow] = [(run.start_time_unix_nano // size, 1, int(bool(run.failure))) for run in runs]
    return cluster_counts.observed(cluster_counts.merged_stretches(rows), failing_session_counts(runs))


def failing_session_counts(runs: list[SampledRun]) -> list[Counts]:
    """The counts of each session that has a failing run."""
    identities = failing_records.identities(run.trace_id for run in runs)
    sessions: dict[str, list[SampledRun]] = defaultdict(list)
    for run in runs:
        sessions[identities[run.trace_id].session_id].append(run)
    counts = (
        Counts(sum(run.failure is not None for run in session), len(session)) for session in sessions.values()
    )
    return [total for total in counts if total.failures]
