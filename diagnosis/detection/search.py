"""
The clusters that rules find over a window, and pages of their records.

No record carries the fingerprint of such a cluster, so each page finds the cluster again: in the failing visits that
are kept at ingest (telemetry/reads/visits), or by the rules that read the window. The same window gives the same
records, unless spans of it came in later.
Order as in telemetry/reads/record_pages.py: start time, trace id, span id, all descending.
"""

from __future__ import annotations

from collections.abc import Iterable

from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import WindowTraces
from diagnosis.detection.rules import WINDOW_RULES
from telemetry.reads import cursors, record_pages
from telemetry.reads.cursors import Cursor
from telemetry.reads.record_pages import RecordPage
from telemetry.reads.visits import failing_visits
from telemetry.spans.record_ids import TRACE_BYTES, record_id
from telemetry.store.transactions import snapshot
from telemetry.windows import Window

StartAndKey = tuple[int, bytes]  # of a record: its start in unix nanoseconds, its trace and span id, joined


def find_rule_clusters(window: Window, traces: WindowTraces | None = None) -> list[Cluster]:
    """The clusters that rules find in the bound project's window as they read it; `traces`: to know what they read."""
    shared = traces or WindowTraces(window)
    return [cluster for rule in WINDOW_RULES.over_window for cluster in rule.find(window, shared)]


def window_cluster_page(window: Window, fingerprint: int, cursor: Cursor | None, limit: int) -> RecordPage:
    """The cluster's newest records, or those after the cursor; none if no rule finds the cluster in the window."""
    with snapshot():
        rest = behind(cluster_records(window, fingerprint), cursor)
        ids = (record_id(key[:TRACE_BYTES], key[TRACE_BYTES:]) for _, key in rest[: limit + 1])
        rows = record_pages.rows_of(ids)
        rows.sort(key=lambda row: (row.start_time_unix_nano, row.trace_id, row.span_id), reverse=True)
        return record_pages.shown_page(rows, cursors.RECORDS, window, limit)


def cluster_records(window: Window, fingerprint: int) -> list[StartAndKey]:
    """The records of the cluster that a rule finds in the window."""
    return failing_visits.failing_records(window, fingerprint) or [
        (record.start_time_unix_nano, record.key)
        for cluster in find_rule_clusters(window)
        if cluster.fingerprint == fingerprint
        for record in cluster.records
    ]


def behind(records: Iterable[StartAndKey], cursor: Cursor | None) -> list[StartAndKey]:
    """The distinct records after the cursor, newest first; all of them without a cursor."""
    last = (cursor.start_unix_nano, cursor.key) if cursor else None
    return [record for record in sorted(set(records), reverse=True) if last is None or record < last]
