"""
The evidence that a loop's page shows: a failing record beside its matched control, the trace, and the timeline.

All of it is read from the project's store for each request. If the store is unavailable, only the evidence is missing
from the page.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError

from diagnosis.display import differences
from diagnosis.display.differences import CONTENT, FACTS, RecordComparison
from diagnosis.display.quantities import to_the_second
from diagnosis.display.readable import characters, readable_text, remaining_rows, rows
from diagnosis.evidence_view import matched_control, timeline
from diagnosis.evidence_view.timeline import Timeline
from diagnosis.issues.evidence_traces import lasting_traces
from diagnosis.loops.content_hash import evidence_ids
from diagnosis.models import Loop
from telemetry.reads import record_pages, user_ratings
from telemetry.reads.one_trace import waterfall
from telemetry.reads.one_trace.waterfall import Waterfall
from telemetry.spans.record_ids import parse_record_id
from telemetry.spans.signal_traces import is_signal
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)
EVIDENCE_LIMIT = 20
LINE = 120  # characters of a name or a message
Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class EvidenceChoice:
    """A record that the page offers, in one line."""

    record_id: str
    line: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """The chosen record, and its matched control with their comparison, if there is one."""

    chosen: dict[str, Any]
    healthy: dict[str, Any] | None
    comparison: RecordComparison | None
    remaining: Rows  # of the chosen record: what the comparison or the parts do not show
    left_out: int  # characters of the chosen record that are in no row

    @property
    def parts(self) -> list[tuple[str, Rows]]:
        """The chosen record as named parts of rows, for a record without a comparison."""
        return parts_of(self.chosen)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence from the store: the records, the chosen pair, its trace, and the timeline."""

    total: int
    left_out: int = 0  # characters of the records that are not on the page: of the chosen one, what it cuts
    others: int = 0  # records of which the page shows one line
    choices: list[EvidenceChoice] = field(default_factory=list)
    chosen_id: str = ""
    pair: ComparedPair | None = None  # None if the chosen record is not stored any more
    trace: Waterfall | None = None
    course: Timeline | None = None
    available: bool = True


def read_evidence(loop: Loop, query: Mapping[str, str]) -> Evidence:
    """The loop's evidence; `query` chooses the `record` and the first `row` of its trace."""
    record_ids = evidence_ids(loop.issue)
    try:
        with bind(loop.project):
            return of_store(loop, record_ids, query)
    except (DatabaseError, OSError) as error:
        logger.error("evidence of %s unavailable: %s", loop.project_id, error)
        return Evidence(len(record_ids), available=False)


def of_store(loop: Loop, record_ids: list[str], query: Mapping[str, str]) -> Evidence:
    """The loop's evidence, from the bound store."""
    offered = record_ids[:EVIDENCE_LIMIT]
    record_id = query.get("record", "")
    found = record_pages.find_records([*record_ids, record_id])
    whole = [found_id for found_id in found if found_id in record_ids and "missing" not in found[found_id]]
    traces = lasting_traces(whole, loop.issue, loop.project.fingerprint_version)
    records = {found_id: record | traces.get(found_id, {}) for found_id, record in found.items()}
    chosen_id = (
        record_id
        if parse_record_id(record_id)
        else next((evidence_id for evidence_id in offered if evidence_id in records), "")
    )
    chosen = records.get(chosen_id)
    shown = pair(chosen, loop) if chosen else None
    others = [records[kept] for kept in record_ids if kept in records and kept != chosen_id]
    return Evidence(
        total=len(record_ids),
        left_out=sum(map(characters, others)) + (shown.left_out if shown and chosen_id in record_ids else 0),
        others=len(others),
        choices=[
            EvidenceChoice(evidence_id, record_line(records.get(evidence_id)), evidence_id == chosen_id)
            for evidence_id in offered
        ],
        chosen_id=chosen_id,
        pair=shown,
        trace=trace(chosen_id, query.get("row", "")) if chosen else None,
        course=timeline.read_timeline(loop),
    )


def parts_of(record: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """The record as named parts of rows."""
    facts = {name: record.get(name) for name in FACTS}
    sections = [("facts", rows(facts)), *((name, rows(record.get(name))) for name in CONTENT)]
    return [(name, section) for name, section in sections if section]


def rows_shown(record: Mapping[str, Any], comparison: RecordComparison | None) -> set[tuple[str, str]]:
    """The rows of the record that its comparison, or its parts, show, by their whole names."""
    if comparison:
        return {(line.name, line.chosen) for line in (*comparison.unlike, *comparison.equal)}
    return {
        (name if part == "facts" else f"{part}{name if name.startswith('[') else f'.{name}'}", text)
        for part, section in parts_of(record)
        for name, text in section
    }


def record_line(record: dict[str, Any] | None) -> str:
    """The record's time, name and message, or that it is no longer stored."""
    if record is None:
        return "no longer stored"
    facts = (to_the_second(record["start_time"]), record.get("name"), record.get("message"))
    return " · ".join(readable_text(fact, LINE) for fact in facts if fact)


def pair(chosen: dict[str, Any], loop: Loop) -> ComparedPair:
    """The record with its matched control and their comparison."""
    healthy = healthy_record(chosen["record_id"], loop)
    comparison = differences.compare_records(chosen, healthy) if healthy else None
    return ComparedPair(chosen, healthy, comparison, *remaining_rows(chosen, rows_shown(chosen, comparison)))


def healthy_record(record_id: str, loop: Loop) -> dict[str, Any] | None:
    """The record that the issue compares this one with, while it is stored; else its matched control, if any."""
    contrast = loop.issue.get("contrast") or {}
    if contrast.get("failing_id") == record_id:
        found = record_pages.find_records([contrast["healthy_id"]])
        if found:
            return found[contrast["healthy_id"]]
    healthy_id = matched_control.find_matched_control(record_id, loop.signal_type)
    return record_pages.find_records([healthy_id]).get(healthy_id) if healthy_id else None


def trace(record_id: str, row: str) -> Waterfall | None:
    """
    A page of the record's trace: around the record, or from that row on; None for an invalid id.

    A user signal is alone in its own trace: the page is of the trace that the user rated, if that has arrived.
    """
    ids = parse_record_id(record_id)
    first = int(row) if row.isascii() and row.isdigit() and len(row) < 10 else None
    if ids and is_signal(ids[0]):
        ids = user_ratings.first_rated_record(ids) or ids
    return waterfall.read_waterfall(*ids, first) if ids else None
