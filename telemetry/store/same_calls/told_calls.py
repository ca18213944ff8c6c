"""
Failures of tools that a model was told of are left to the record of the tool, where it has one that failed.

Most frameworks record both the tool's call and the next call of the model, which is told of its result. The tool's span
ends first, so that it is mostly stored by then, or in the same request.
"""

from __future__ import annotations

from collections.abc import Sequence

from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch_of_ids

FAILED_TOOLS = (
    "SELECT DISTINCT trace_id FROM telemetry_record "
    "WHERE unit = 'tool_call' AND fingerprint IS NOT NULL AND trace_id IN "
)


def without_told_again(rows: list[RecordRow]) -> list[RecordRow]:
    """Return the rows; a model call that was told of a failure which a tool's record has is a good one."""
    told = {row.trace_id for row in rows if row.signal_type and is_told_row(row)}
    if not told:
        return rows
    sent = {
        row.trace_id
        for row in rows
        if row.fingerprint is not None and row.unit == "tool_call" and row.trace_id in told
    }
    known = sent | stored(sorted(told - sent))
    return [as_good(row) if row.trace_id in known and is_told_row(row) else row for row in rows]


def is_told_row(row: RecordRow) -> bool:
    """Whether the row is of a model call that was told of a tool's failure."""
    return row.unit == "llm_call" and row.signal_type == "tool_call_failed"


def stored(trace_ids: Sequence[bytes]) -> set[bytes]:
    """Return those of the traces in which a tool's call is stored that failed."""
    return {bytes(trace_id) for (trace_id,) in fetch_of_ids(FAILED_TOOLS, trace_ids)}


def as_good(row: RecordRow) -> RecordRow:
    """Return the row as if nothing had failed in it."""
    return row._replace(signal_type="", severity="", error_type="", failure_message="", fingerprint=None)
