"""The words for the parts of an approved content that changed: its issue, its plan, its eval, its records."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def part_name(name: str, parts: Collection[str]) -> str:
    """What a part is called: version 1 has one hash for the issue and its plan."""
    if name == "issue" and "plan" not in parts:
        return "issue or its patch plan"
    return {"plan": "patch plan", "fixes": "history of its fixes"}.get(name, name)


def part_changed(name: str, new_hash: Any) -> str:
    """`the eval was changed`; `new_hash` is None if the part is not stored."""
    return f"the {name} is not stored any more" if new_hash is None else f"the {name} was changed"


def several(records: list[str]) -> str:
    """`the record rec_1 is`, or, of several, `3 of its records are`."""
    return f"the record {records[0]} is" if len(records) == 1 else f"{len(records):,} of its records are"
