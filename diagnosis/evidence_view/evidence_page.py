"""
The evidence as a person compares it: a failing record beside a healthy one, and the trace around it.

All of it is read from the project's own store at that moment; a store that is unavailable costs the page its
evidence and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import DatabaseError

from diagnosis.display.readable import rows, text
from diagnosis.evidence_view import differences, matched_control
from diagnosis.evidence_view import timeline as course
from diagnosis.evidence_view.differences import CONTENT, FACTS, RecordComparison
from diagnosis.evidence_view.timeline import Course
from diagnosis.loops.content_hash import evidence_ids
from diagnosis.models import Loop
from telemetry.reads import record_pages, waterfall
from telemetry.reads.waterfall import Waterfall
from telemetry.spans.record_ids import parse
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)
EVIDENCE_LIMIT = 20
LINE = 120  # characters of a name or a message
Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class EvidenceChoice:
    """A record that can be looked at, in a line."""

    record_id: str
    line: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """The chosen record, and the healthy one it is held against, if there is one."""

    chosen: dict[str, Any]
    healthy: dict[str, Any] | None
    comparison: RecordComparison | None

    @property
    def parts(self) -> list[tuple[str, Rows]]:
        """What the chosen record says, by part; for a record without a comparison."""
        facts = {name: self.chosen.get(name) for name in FACTS}
        found = [("facts", rows(facts)), *((name, rows(self.chosen.get(name))) for name in CONTENT)]
        return [(name, part) for name, part in found if part]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the store told: which records there are, the pair in sight, its trace, the failures over time."""

    total: int
    choices: list[EvidenceChoice] = field(default_factory=list)
    chosen_id: str = ""
    pair: Pair | None = None  # None: the chosen record is not stored any more
    trace: Waterfall | None = None
    course: Course | None = None
    available: bool = True


def read(loop: Loop, asked: Mapping[str, str]) -> Evidence:
    """The evidence with the record and the row of its trace that were asked for, `record` and `row`."""
    record_ids = evidence_ids(loop.issue)
    try:
        with bind(loop.project):
            return of_store(loop, record_ids, asked)
    except (DatabaseError, OSError) as error:
        logger.error("evidence of %s unavailable: %s", loop.project_id, error)
        return Evidence(len(record_ids), available=False)


def of_store(loop: Loop, record_ids: list[str], asked: Mapping[str, str]) -> Evidence:
    """The same of the bound store."""
    offered = record_ids[:EVIDENCE_LIMIT]
    wanted = asked.get("record", "")
    found = record_pages.find([*offered, wanted])
    chosen_id = wanted if parse(wanted) else next((one for one in offered if one in found), "")
    chosen = found.get(chosen_id)
    return Evidence(
        total=len(record_ids),
        choices=[EvidenceChoice(one, line(found.get(one)), one == chosen_id) for one in offered],
        chosen_id=chosen_id,
        pair=pair(chosen, loop.signal_type) if chosen else None,
        trace=trace(chosen_id, asked.get("row", "")) if chosen else None,
        course=course.read(loop),
    )


def line(record: dict[str, Any] | None) -> str:
    """When, what, and what it said."""
    if record is None:
        return "no longer stored"
    started = str(record["start_time"])[:19].replace("T", " ")
    said = (started, record.get("name"), record.get("message"))
    return " · ".join(text(one, LINE) for one in said if one)


def pair(chosen: dict[str, Any], signal_type: str) -> Pair:
    """The record beside its healthy twin."""
    healthy_id = matched_control.find(chosen["record_id"], signal_type)
    healthy = record_pages.find([healthy_id]).get(healthy_id) if healthy_id else None
    return Pair(chosen, healthy, differences.compare(chosen, healthy) if healthy else None)


def trace(record_id: str, row: str) -> Waterfall | None:
    """The trace around the record, or from that row on."""
    ids = parse(record_id)
    first = int(row) if row.isascii() and row.isdigit() and len(row) < 10 else None
    return waterfall.read(*ids, first) if ids else None
