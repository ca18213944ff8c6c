"""
One case per line, each with the candidate's id and expectation: https://jsonlines.org.

Lines are printable ASCII: some readers take characters such as U+2028 for line ends.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from diagnosis.evals.formats.inert_text import neutral_name
from loopkit.http.untrusted import WARNING

NAME = "jsonl"
AFTER = "json"
MEDIA_TYPE = "application/x-ndjson"
ABOUT = "JSONL"


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip."""
    return f"{neutral_name(eval_id)}.jsonl"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """Always "": the format is offered for every signal."""
    return ""


def render(document: dict[str, Any]) -> bytes:
    """The cases as lines of JSON."""
    head = {"warning": WARNING} | {name: document[name] for name in ("eval_id", "expectation")}
    return b"".join(ascii_line(head | case) for case in document["cases"])


def ascii_line(case: dict[str, Any]) -> bytes:
    """One line; orjson writes null for numbers that JSON does not have."""
    line = json.dumps(orjson.loads(orjson.dumps(case)), separators=(",", ":"))
    return (
        line.replace("\x7f", "\\u007f").encode() + b"\n"
    )  # DEL is the one control character that JSON leaves
