"""
The differences between two records, row by row, for the loop's page and for the packet.

Times and the ids of records, traces and spans differ between any two records and are not compared; the head of each
column shows what identifies its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from diagnosis.display.readable import NAME_LIMIT, ROW_LIMIT, leaves, readable_text

FACTS = (
    "outcome", "signal_type", "severity", "message", "duration_ms", "operation", "name", "kind", "status", "service",
    "environment", "release", "agent", "tool", "model", "input_tokens", "output_tokens", "session_id", "user_id",
)  # fmt: skip
CONTENT = ("capture", "attributes", "events", "links", "resource", "scope")
TIMES = ("time", "time_unix_nano")  # fields of an event
MOST = 2_000  # values of a record that are compared
CONTEXT = 60  # characters that are shown before the first one that differs
SAME, DIFFERS, ONLY_CHOSEN, ONLY_HEALTHY = "same", "differs", "healthy lacks it", "only healthy"


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """One value as both records have it, "" where a record lacks it, and how the two compare, in a word."""

    name: str
    mark: str
    chosen: str
    healthy: str


@dataclass(frozen=True, slots=True)
class RecordComparison:
    """The lines that differ, the lines that are equal, and the number of further lines."""

    unlike: list[ComparedLine]
    equal: list[ComparedLine]
    left_out: int


def compare_records(chosen: Mapping[str, Any], healthy: Mapping[str, Any]) -> RecordComparison:
    """Compare every value of two records: those of the first in its order, then those that only the second has."""
    left, right = facts_by_name(chosen), facts_by_name(healthy)
    lines = [compared_line(name, left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right])]
    unlike = [compared for compared in lines if compared.mark != SAME]
    equal = [compared for compared in lines if compared.mark == SAME]
    shown = RecordComparison(unlike[:ROW_LIMIT], equal[:ROW_LIMIT], 0)
    return RecordComparison(shown.unlike, shown.equal, len(lines) - len(shown.unlike) - len(shown.equal))


def unlike_values(chosen: Mapping[str, Any], healthy: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The values that differ, as both records have them, by dotted name; None where a record lacks one."""
    left, right = facts_by_name(chosen), facts_by_name(healthy)
    pairs = {name: (left.get(name), right.get(name)) for name in dict.fromkeys([*left, *right])}
    return {name: values for name, values in pairs.items() if mark(*values) != SAME}


def facts_by_name(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record's values by dotted names, at most MOST."""
    parts = {name: record.get(name) for name in (*FACTS, *CONTENT)}
    parts["events"] = [without_times(event) for event in record.get("events") or []]
    return dict(islice(leaves(parts), MOST))


def without_times(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event without its times, which differ between any two events."""
    return {name: value for name, value in event.items() if name not in TIMES}


def compared_line(name: str, chosen: Any, healthy: Any) -> ComparedLine:
    """One row of the comparison; None stands for a value that the record lacks."""
    pair = chosen, healthy
    if isinstance(chosen, str) and isinstance(healthy, str) and chosen != healthy:
        pair = from_difference(chosen, healthy)
    texts = ("" if value is None else readable_text(value) for value in pair)
    return ComparedLine(readable_text(name, NAME_LIMIT), mark(chosen, healthy), *texts)


def mark(chosen: Any, healthy: Any) -> str:
    """The word for how two values compare."""
    if chosen == healthy:
        return SAME
    if healthy is None:
        return ONLY_CHOSEN
    return ONLY_HEALTHY if chosen is None else DIFFERS


def from_difference(first: str, second: str) -> tuple[str, str]:
    """Two texts without their common beginning, if it is long."""
    shorter = min(len(first), len(second))
    omitted = next((index for index in range(shorter) if first[index] != second[index]), shorter) - CONTEXT
    if omitted < CONTEXT:
        return first, second
    left_out = f"… ({omitted} equal characters) "
    return left_out + first[omitted:], left_out + second[omitted:]
