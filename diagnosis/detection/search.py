"""
The clusters that rules find over a window, and pages of their records.

No record carries the fingerprint of such a cluster and nothing is stored, so that each page finds the cluster again.
The same window gives the same samples and so the same records, unless spans of it came in later.
Order as in telemetry/reads/record_pages.py: start time, trace id, span id, all descending.
"""

from __future__ import annotations

from diagnosis.detection import agent_runs
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.rules import WINDOW_RULES
from telemetry.reads import cursors, record_pages
from telemetry.reads.cursors import Cursor
from telemetry.reads.record_pages import RecordPage
from telemetry.spans.failing_record import FailingRecord
from telemetry.store.transactions import snapshot
from telemetry.windows import Window


def find_rule_clusters(window: Window) -> list[Cluster]:
    """The clusters that all rules over windows find in the bound project's window."""
    by_window = [cluster for rule in WINDOW_RULES.over_window for cluster in rule.find(window)]
    return [*by_window, *agent_runs.find_run_clusters(window)]


def window_cluster_page(window: Window, fingerprint: int, cursor: Cursor | None, limit: int) -> RecordPage:
    """The cluster's newest records, or those after the cursor; none if no rule finds the cluster in the window."""
    with snapshot():
        records = [
            record
            for cluster in find_rule_clusters(window)
            if cluster.fingerprint == fingerprint
            for record in cluster.records
        ]
        rest = records_behind(records, cursor)
        rows = record_pages.rows_of(record.record_id for record in rest[: limit + 1])
        rows.sort(key=lambda row: (row.start_time_unix_nano, row.trace_id, row.span_id), reverse=True)
        return record_pages.shown_page(rows, cursors.RECORDS, window, limit)


def records_behind(records: list[FailingRecord], cursor: Cursor | None) -> list[FailingRecord]:
    """The distinct records after the cursor, newest first; all of them without a cursor."""
    last = (cursor.start_unix_nano, cursor.key) if cursor else None
    by_key = {(record.start_time_unix_nano, record.key): record for record in records}
    return [by_key[key] for key in sorted(by_key, reverse=True) if last is None or key < last]
