"""
One case per line, each with the candidate's id and expectation: https://jsonlines.org.

Characters that some readers take for line ends, such as U+2028, are escapes, as are all hidden ones.
"""

from __future__ import annotations

from typing import Any

import orjson

from diagnosis.display.hidden_characters import escape_hidden
from loopkit.http.untrusted import WARNING

NAME = "jsonl"
AFTER = "json"
MEDIA_TYPE = "application/x-ndjson"
ABOUT = "JSONL"


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip."""
    return f"{eval_id}.jsonl"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """Always "": the format is offered for every signal."""
    return ""


def render(document: dict[str, Any]) -> bytes:
    """The cases as lines of JSON."""
    head = {"warning": WARNING} | {name: document[name] for name in ("eval_id", "expectation")}
    return b"".join(escape_hidden(orjson.dumps(head | case)) + b"\n" for case in document["cases"])
