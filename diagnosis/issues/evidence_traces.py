"""
The session and the user of each record of an issue's evidence, as they were when it was diagnosed.

They are facts of the trace, so later spans of the trace can change them. What people approve and agents get must not
change: an issue keeps them, and whoever shows its evidence shows these.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TRACE_FACTS = ("session_id", "user_id")


def evidence_traces(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The trace facts of these records, by record id, as the issue keeps them."""
    return {record["record_id"]: {name: record[name] for name in TRACE_FACTS} for record in records}


def as_diagnosed(record: Mapping[str, Any], issue: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the trace facts that the issue keeps of it; unchanged if it keeps none."""
    kept = issue.get("evidence_traces") or {}
    return {**record, **kept.get(record["record_id"], {})}
