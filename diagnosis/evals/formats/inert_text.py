"""
Text from telemetry as a JSON string of letters, digits, `_`, `.`, `,`, `-` and spaces; all else is a `\\uXXXX` escape.

A program on the way that looks for templates, paths, URLs, loaders, references, markup or commands finds none of the
characters that begin one. A JSON parser returns the text unchanged: https://www.rfc-editor.org/rfc/rfc8259#section-7
"""

from __future__ import annotations

import json
import re
from typing import Any

ACTIVE = re.compile(r"[^A-Za-z0-9_., -]")


def inert_text(text: str) -> str:
    """The text as a JSON string literal, quotes included, in which every other character is an escape."""
    return f'"{ACTIVE.sub(escape_by_number, text)}"'


def escape_by_number(match: re.Match[str]) -> str:
    """The matched character as the escapes of its UTF-16 code units, of which a lone surrogate is one."""
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def as_text(value: Any) -> str:
    """A recorded text as it is; another value, such as a conversation or arguments, as compact JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
