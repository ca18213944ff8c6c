"""The candidate itself: https://www.rfc-editor.org/rfc/rfc8259."""

from __future__ import annotations

from typing import Any

import orjson

NAME = "json"
AFTER = ""
MEDIA_TYPE = "application/json"
ABOUT = "JSON"


def file_name(eval_id: str) -> str:
    """The file in the handoff's zip."""
    return f"{eval_id}.json"


def why_not(signal_type: str) -> str:
    """Offered for every signal."""
    return ""


def render(document: dict[str, Any]) -> bytes:
    """The candidate as it is answered."""
    return orjson.dumps({"ok": True, **document})
