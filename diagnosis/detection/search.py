"""
What rules find by themselves over a window, where no record carries the fingerprint: found again, a page at a time.

The same window gives the same samples and so the same records, unless spans of it came in later; nothing is kept.
Order as in telemetry/reads/record_pages.py: start time, trace id, span id, all descending.
"""

from __future__ import annotations

from diagnosis.detection import agent_runs
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.rules import RULES
from telemetry.reads import cursors, record_pages
from telemetry.reads.cursors import Cursor
from telemetry.reads.record_pages import RecordPage
from telemetry.spans.failing_record import FailingRecord
from telemetry.store.append import snapshot
from telemetry.windows import Window


def find_window_clusters(window: Window) -> list[Cluster]:
    """Everything that such rules find in the bound project's window."""
    by_window = [cluster for rule in RULES.over_window for cluster in rule.find(window)]
    return [*by_window, *agent_runs.find_run_clusters(window)]


def window_cluster_page(window: Window, fingerprint: int, cursor: Cursor | None, limit: int) -> RecordPage:
    """The newest records of the cluster, or those behind the cursor; none if no rule finds it in the window."""
    with snapshot():
        records = [
            one
            for cluster in find_window_clusters(window)
            if cluster.fingerprint == fingerprint
            for one in cluster.records
        ]
        rest = records_behind(records, cursor)
        rows = record_pages.rows_of(one.record_id for one in rest[: limit + 1])
        rows.sort(key=lambda row: (row.start_time_unix_nano, row.trace_id, row.span_id), reverse=True)
        return record_pages.shown_page(rows, cursors.RECORDS, window, limit)


def records_behind(records: list[FailingRecord], cursor: Cursor | None) -> list[FailingRecord]:
    """The records in the order of the list, those behind the cursor alone."""
    last = (cursor.start_unix_nano, cursor.key) if cursor else None
    places = {(one.start_time_unix_nano, one.key): one for one in records}
    return [places[place] for place in sorted(places, reverse=True) if last is None or place < last]
