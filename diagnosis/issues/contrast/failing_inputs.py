"""
The distinct inputs with which a cluster failed.

The input of a unit of agent work is what its instrumentation captured. Of other spans, such as of HTTP, the attributes
are, without those that describe the failure or name the session or the user: who asked is in `evidence_traces`,
and would make every input another one. Only some failures of a cluster are looked at; `looked_at` says how many.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from diagnosis.issues.failing_call import bounded_content
from diagnosis.issues.hints.facts import is_effect
from telemetry.conventions.facts import SESSION, USER
from telemetry.reads.record_json import WholeRecord, WholeRecords, values
from telemetry.spans.failing_record import FailingRecord

MOST, LONGEST, MOST_CHARACTERS = 3, 200, 450  # inputs, characters of each, and of all of them
WHO = frozenset(SESSION + USER)
Inputs = Mapping[bytes, str]  # inputs as JSON by the keys of their records


def inputs_of(records: WholeRecords) -> dict[bytes, str]:
    """The input of each of these records that has one, as JSON with sorted names, by the record's key."""
    inputs = {key: input_of(record) for key, record in records.items()}
    return {
        key: json.dumps(value, sort_keys=True) for key, value in inputs.items() if value not in (None, {})
    }


def input_of(record: WholeRecord) -> Any:
    """The captured input of a unit of agent work, the telling attributes of another span; None if there is none."""
    if record.capture:
        return record.capture["input"]
    attributes = values(record.parts.span.attributes)
    return {name: value for name, value in attributes.items() if name not in WHO and not is_effect(name)}


def failing_inputs(records: Iterable[FailingRecord], inputs: Inputs) -> dict[str, Any] | None:
    """The most frequent distinct inputs of these records as the packet shows them; None if no input is known."""
    by_input: dict[str, list[FailingRecord]] = {}
    looked_at = 0
    for record in records:
        looked_at += 1
        if record.key in inputs:
            by_input.setdefault(inputs[record.key], []).append(record)
    if not by_input:
        return None
    frequent = sorted(by_input.items(), key=lambda item: -len(item[1]))  # stable: equal ones by time
    shown: list[dict[str, Any]] = []
    characters = 0
    for text, having in frequent[:MOST]:
        characters += min(len(text), LONGEST)
        if shown and characters > MOST_CHARACTERS:
            break
        content, is_cut = bounded_content(json.loads(text), LONGEST)
        shown.append(
            {
                "record_id": having[0].record_id,
                "count": len(having),
                "input": content,
                "truncated": is_cut,
            }
        )
    return {"looked_at": looked_at, "distinct": len(by_input), "inputs": shown}
