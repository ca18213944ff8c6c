"""
The input and output of the failing call, from the first record of the evidence that captured them.

Their length is bounded, since a packet holds many issues and one call may hold a whole document. The record has them
in full.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

LONGEST = 2_000  # characters of input and output each; longer ones are cut, as texts


def of_evidence(evidence: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The first captured call with an input, else the first captured call; None where nothing was captured."""
    records = [record for record in evidence if record["capture"] and says_something(record["capture"])]
    # The sort is stable: records with an input come first, in the order of the evidence.
    records.sort(key=lambda record: record["capture"]["input"] is None)
    return failing_call_json(records[0]) if records else None


def says_something(capture: Mapping[str, Any]) -> bool:
    """Whether the input or the output was recorded."""
    return capture["input"] is not None or capture["output"] is not None


def failing_call_json(record: Mapping[str, Any]) -> dict[str, Any]:
    """The call as the packet shows it."""
    capture = record["capture"]
    call_input, is_input_cut = bounded_content(capture["input"])
    output, is_output_cut = bounded_content(capture["output"])
    return {
        "record_id": record["record_id"],
        "unit": capture["unit"],
        "tool": record["tool"],
        "model": record["model"],
        "input": call_input,
        "output": output,
        "replayable": capture["replayable"],
        "truncated": is_input_cut or is_output_cut,
        "cut": {
            name: len(content_text(capture[name]))
            for name, is_cut in (("input", is_input_cut), ("output", is_output_cut))
            if is_cut
        },
    }


def bounded_content(content: Any, longest: int = LONGEST) -> tuple[Any, bool]:
    """The content, or the first characters of its text if it is longer, and whether it was cut."""
    text = content_text(content)
    return (content, False) if len(text) <= longest else (text[:longest], True)


def content_text(content: Any) -> str:
    """The content as the text that is cut: itself, or its JSON."""
    return content if isinstance(content, str) else json.dumps(content)
