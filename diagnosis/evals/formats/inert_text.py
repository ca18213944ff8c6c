"""
Text from telemetry as a JSON string of letters, digits, `_`, `.`, `,`, `-` and spaces; all else is a `\\uXXXX` escape.

A program on the way that looks for templates, paths, URLs, loaders, references, markup or commands finds none of the
characters that begin one. A JSON parser returns the text unchanged: https://www.rfc-editor.org/rfc/rfc8259#section-7
"""

from __future__ import annotations

import hashlib
import json
import string
from typing import Any

INERT = string.ascii_letters + string.digits + "_., -"
ESCAPES = {number: f"\\u{number:04x}" for number in range(128) if chr(number) not in INERT}


def inert_text(text: str) -> str:
    """The text as a JSON string literal, quotes included, in which every other character is an escape."""
    escaped = json.dumps(
        text.translate(ESCAPES)
    )  # escapes what is not ASCII, and doubles the backslashes of ESCAPES
    return escaped.replace("\\\\", "\\")


def neutral_name(eval_id: str) -> str:
    """A name of the eval without the words of its id, which come from telemetry: `eval_` and 12 hexadecimal digits."""
    return f"eval_{hashlib.sha256(eval_id.encode()).hexdigest()[:12]}"


def as_text(value: Any) -> str:
    """A recorded text as it is; another value, such as a conversation or arguments, as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
