"""
What telemetry said, as JSON that every control database takes.

PostgreSQL's jsonb refuses NUL: https://www.postgresql.org/docs/current/datatype-json.html#DATATYPE-JSON
"""

from __future__ import annotations

import json
import re
from typing import Any

NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # an even run of backslashes is text, the odd one escapes


def without_nul(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every NUL gone, from names and values at any depth."""
    cleaned: dict[str, Any] = json.loads(NUL.sub(r"\1", json.dumps(document)))
    return cleaned
