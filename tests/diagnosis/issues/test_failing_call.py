"""The captured call in the packet: whole where it is short, bounded where it is not."""

from __future__ import annotations

import json
from typing import Any

from diagnosis.issues.failing_call import LONGEST, of_evidence


def record(name: str, **capture: Any) -> dict[str, Any]:
    """A record as it is shown; without a capture for work that is not an agent's."""
    facts = {"unit": "tool_call", "input": None, "output": None, "replayable": False} | capture
    return {"record_id": name, "tool": "lookup", "model": None, "capture": facts if capture else None}


def test_the_first_call_with_an_input_is_shown() -> None:
    evidence = [
        record("rec_1"),
        record("rec_2", output="none"),
        record("rec_3", input={"order": "A-1"}, output="none"),
    ]

    found = of_evidence(evidence)

    assert found is not None
    assert (found["record_id"], found["input"], found["output"]) == ("rec_3", {"order": "A-1"}, "none")
    assert found["truncated"] is False


def test_a_long_content_is_cut_and_says_so() -> None:
    found = of_evidence([record("rec_1", input={"text": "x" * 9_000})])

    assert found is not None
    assert len(found["input"]) == LONGEST
    assert found["truncated"] is True
    assert found["cut"] == {"input": len(json.dumps({"text": "x" * 9_000}))}


def test_work_that_nobody_captured_has_no_call() -> None:
    assert of_evidence([record("rec_1"), record("rec_2", replayable=False)]) is None
