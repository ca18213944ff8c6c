"""The contrast of a stored issue and the inputs with which it failed, as lines of Markdown."""

from __future__ import annotations

import json
from typing import Any

from diagnosis.display.exact_text import code
from diagnosis.display.quantities import counted

CUT = " (cut)"


def comparison_lines(issue: dict[str, Any]) -> list[str]:
    """
    What differs in a healthy record, and with which inputs it failed; none of packets of earlier versions.

    The values are telemetry, so each is code.
    """
    contrast, inputs = issue.get("contrast"), issue.get("failing_inputs")
    lines = []
    if contrast and contrast["differences"]:
        differing = "; ".join(
            f"{code(one['name'])} is {value_in_words(one['failing'])} here, {value_in_words(one['healthy'])} there"
            for one in contrast["differences"]
        )
        lines.append(
            f"- `{contrast['failing_id']}` beside the healthy `{contrast['healthy_id']}`: {differing}"
        )
    if inputs:
        shown = "; ".join(
            f"{one['count']:,} of {code(json.dumps(one['input'], ensure_ascii=False))}{CUT if one['truncated'] else ''}"
            for one in inputs["inputs"]
        )
        looked_at = counted(inputs["looked_at"], "failure")
        lines.append(f"- inputs: {inputs['distinct']:,} distinct in {looked_at} looked at: {shown}")
    return lines


def value_in_words(value: str | None) -> str:
    """The value as code; words where the record has none."""
    return "not set" if value is None else code(value)
