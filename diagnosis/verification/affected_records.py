"""
The records that a failure hits, by the values of its strongest hint: a fix that held is watched in these alone, too.

A failure of a few requests is rare among all records of its operation, also when each of these requests fails again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnosis.issues.hints.contents import RecordContents
from diagnosis.issues.hints.hint import Value
from diagnosis.issues.hints.population import PopulationRecord
from diagnosis.models import Loop
from diagnosis.window import exposure, failing_records
from diagnosis.window.cluster_counts import Target
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import Window

MOST = 10_000  # records of the operations whose values are read
MOST_LOOKED_THROUGH = 200_000  # records of the window


@dataclass(frozen=True, slots=True)
class AffectedRecords:
    """What the strongest hint of a loop's issue says: the values, and how often records with all of them failed."""

    values: tuple[Value, ...]
    rate: float


def affected_records(loop: Loop) -> AffectedRecords | None:
    """The records that the loop's failure hits, or None if no hint says so."""
    hints = loop.issue.get("hints") or []
    if not hints or not hints[0].get("records"):
        return None
    strongest = hints[0]
    values = tuple((each["attribute"], each["value"]) for each in [strongest, *(strongest.get("also") or [])])
    return AffectedRecords(values, min(1.0, strongest["support"] / strongest["records"]))


def distances(affected: AffectedRecords, window: Window, target: Target) -> list[float]:
    """The affected records before each failing session, since the one before; none where there are too many to read."""
    if exposure.records_in(window) > MOST_LOOKED_THROUGH:
        return []
    ran = target.records(window).filter(target.ran).order_by("start_time_unix_nano", "trace_id", "span_id")
    read = list(ran.values_list(*PopulationRecord._fields)[: MOST + 1])
    if len(read) > MOST:
        return []
    rows = [PopulationRecord(bytes(trace_id), bytes(span_id), *rest) for trace_id, span_id, *rest in read]
    contents = RecordContents(rows)
    keys = {
        contents.rows[number].key
        for operation in target.operations
        for number in contents.having_all(ServiceOperation(target.service, operation), affected.values)
    }
    return list(between_failures([row for row in rows if row.key in keys], window, target))


def between_failures(rows: list[PopulationRecord], window: Window, target: Target) -> Iterator[float]:
    """The number of these records, in order of time, before each session that fails for the first time."""
    failed = {
        bytes(trace_id) + bytes(span_id)
        for trace_id, span_id in target.failures(window).values_list("trace_id", "span_id")
    }
    identities = failing_records.identities(row.trace_id for row in rows if row.key in failed)
    seen: set[str] = set()
    since_last = 0
    for row in rows:
        since_last += 1
        if row.key in failed and (session := identities[row.trace_id].session_id) not in seen:
            seen.add(session)
            yield float(since_last)
            since_last = 0
