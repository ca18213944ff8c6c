"""The candidate as one JSON document: https://www.rfc-editor.org/rfc/rfc8259."""

from __future__ import annotations

from typing import Any

import orjson

from diagnosis.display.visible_json import visible_json
from diagnosis.evals.formats.inert_text import neutral_name
from loopkit.http.untrusted import WARNING

NAME = "json"
AFTER = ""
MEDIA_TYPE = "application/json"
ABOUT = "JSON"


def file_name(eval_id: str) -> str:
    """The name of the file in the handoff's zip."""
    return f"{neutral_name(eval_id)}.json"


def why_not(signal_type: str, is_replayable: bool) -> str:
    """Always "": the format is offered for every signal."""
    return ""


def render(document: dict[str, Any]) -> bytes:
    """The candidate as the API answers it."""
    return visible_json(orjson.dumps({"warning": WARNING, "ok": True, **document}))
