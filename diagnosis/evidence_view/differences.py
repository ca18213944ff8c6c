"""
Two records side by side: row by row what is equal and what is not, for people.

Ids and times of day differ between any two records and say nothing; they are left to the head of each column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from diagnosis.display.readable import NAME_LIMIT, ROW_LIMIT, leaves, text

FACTS = (
    "outcome", "signal_type", "severity", "message", "duration_ms", "operation", "name", "kind", "status", "service",
    "environment", "release", "agent", "tool", "model", "input_tokens", "output_tokens", "session_id", "user_id",
)  # fmt: skip
CONTENT = ("capture", "attributes", "events", "links", "resource", "scope")
TIMES = ("time", "time_unix_nano")  # of an event
MOST = 2_000  # values of a record that are looked at
CONTEXT = 60  # characters of a long text before the first that differs
SAME, DIFFERS, ONLY_CHOSEN, ONLY_HEALTHY = "same", "differs", "healthy lacks it", "only healthy"


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One thing that either record says, "" where it does not, and how the two stand to each other in a word."""

    name: str
    mark: str
    chosen: str
    healthy: str


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """The lines that differ, and those that do not; how many more there are."""

    unlike: list[ComparedLine]
    equal: list[ComparedLine]
    left_out: int


def compare(chosen: Mapping[str, Any], healthy: Mapping[str, Any]) -> RecordComparison:
    """Every fact of two records: those of the first in their order, then what only the other says."""
    mine, other = said(chosen), said(healthy)
    lines = [line(name, mine.get(name), other.get(name)) for name in dict.fromkeys([*mine, *other])]
    unlike = [one for one in lines if one.mark != SAME]
    equal = [one for one in lines if one.mark == SAME]
    shown = RecordComparison(unlike[:ROW_LIMIT], equal[:ROW_LIMIT], 0)
    return RecordComparison(shown.unlike, shown.equal, len(lines) - len(shown.unlike) - len(shown.equal))


def said(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the record says, by dotted names."""
    parts = {name: record.get(name) for name in (*FACTS, *CONTENT)}
    parts["events"] = [without_times(event) for event in record.get("events") or []]
    return dict(islice(leaves(parts), MOST))


def without_times(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event by what it says."""
    return {name: value for name, value in event.items() if name not in TIMES}


def line(name: str, chosen: Any, healthy: Any) -> ComparedLine:
    """One row; None stands for what is not said."""
    pair = chosen, healthy
    if isinstance(chosen, str) and isinstance(healthy, str) and chosen != healthy:
        pair = from_difference(chosen, healthy)
    texts = ("" if one is None else text(one) for one in pair)
    return ComparedLine(text(name, NAME_LIMIT), mark(chosen, healthy), *texts)


def mark(chosen: Any, healthy: Any) -> str:
    """How two values stand to each other."""
    if chosen == healthy:
        return SAME
    if healthy is None:
        return ONLY_CHOSEN
    return ONLY_HEALTHY if chosen is None else DIFFERS


def from_difference(one: str, other: str) -> tuple[str, str]:
    """Two texts without the long beginning that they share."""
    shorter = min(len(one), len(other))
    shared = next((at for at in range(shorter) if one[at] != other[at]), shorter) - CONTEXT
    if shared < CONTEXT:
        return one, other
    left_out = f"… ({shared} equal characters) "
    return left_out + one[shared:], left_out + other[shared:]
