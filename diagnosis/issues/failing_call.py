"""
The failing call as it was captured: what went in and what came out, of the first record of the evidence that says so.

Bounded: a packet holds many issues, and one call may hold a whole document. The record has it whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST = 2_000  # characters of each; longer ones are cut to a text


def of_evidence(evidence: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The first captured call with an input, else the first captured at all; None where nothing was captured."""
    captured = [record for record in evidence if record["capture"] and says_something(record["capture"])]
    captured.sort(key=lambda record: record["capture"]["input"] is None)  # stable: the first stays the first
    return shown(captured[0]) if captured else None


def says_something(capture: Mapping[str, Any]) -> bool:
    """Whether what went in or came out was recorded."""
    return capture["input"] is not None or capture["output"] is not None


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """The call as the packet shows it."""
    capture = record["capture"]
    given, is_cut_in = bounded(capture["input"])
    result, is_cut_out = bounded(capture["output"])
    return {
        "record_id": record["record_id"],
        "unit": capture["unit"],
        "tool": record["tool"],
        "model": record["model"],
        "input": given,
        "output": result,
        "replayable": capture["replayable"],
        "truncated": is_cut_in or is_cut_out,
    }


def bounded(content: Any) -> tuple[Any, bool]:
    """The content, or the beginning of its text and that it was cut."""
    text = content if isinstance(content, str) else json.dumps(content)
    return (content, False) if len(text) <= LONGEST else (text[:LONGEST], True)
