"""What came in the hours of a window and is not in it, or may not be: over the quota, refused, or with odd times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnosis.display.quantities import counted
from telemetry.ledger import MissingSpans


def sentence(unseen: Sequence[MissingSpans]) -> str:
    """What the window lacks in one sentence; "" for nothing."""
    if not unseen:
        return ""
    kinds = ", ".join(f"{counted(item.count, item.unit.removesuffix('s'))} {item.words}" for item in unseen)
    return (
        f"Of what came in these hours, this may be missing: {kinds}; GET /v1/ledger says why and what to do."
    )


def as_documents(unseen: Sequence[MissingSpans]) -> list[dict[str, Any]]:
    """The kinds in the form in which answers show them."""
    return [{"reason": item.reason, "count": item.count, "unit": item.unit} for item in unseen]
