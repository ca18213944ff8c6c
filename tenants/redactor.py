"""
The function that replaces secrets in texts. What a secret is, telemetry/scrubbing/ knows, which this app may not
import: telemetry/apps.py hands the function in. Nothing of Django is needed, so gunicorn's arbiter logs without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Redactor = Callable[[str], tuple[str, int]]  # a text without secrets, and how many there were
_redactors: list[Redactor] = []


def use_redactor(redactor: Redactor) -> None:
    """Redact texts by this function from now on."""
    _redactors[:] = [redactor]


def without_secrets(value: Any) -> Any:
    """The text with a mark in place of each secret; of a list or an object, with each of its texts so."""
    if isinstance(value, str):
        return _redactors[0](value)[0] if _redactors else value
    if isinstance(value, list):
        return [without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {name: without_secrets(item) for name, item in value.items()}
    return value
