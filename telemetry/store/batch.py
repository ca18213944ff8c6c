"""What one request brings to the store, and what became of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from telemetry.store.row import Row
from telemetry.store.segments import Part


@dataclass(frozen=True, slots=True, eq=False, repr=False)  # thousands of rows are no error message
class Batch:
    """The rows of one request, in the order sent."""

    rows: Sequence[Row]
    parts: Sequence[Part]  # the same rows, with their spans packed
    rejected: Counter[str]  # spans that can never be stored, by reason
    changed: Counter[str]  # what of them is not stored as it was sent, by reason
    quota: int | None  # spans that the project may ever store; None: no bound
    now_unix_nano: int
    version: int = 0  # of the fingerprints, and since when that is known, as time.monotonic has it
    known_at: float = math.inf


@dataclass(slots=True)
class Receipt:
    """What became of the spans of one request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason

    @property
    def rejected_total(self) -> int:
        """Spans that will not be stored."""
        return self.rejected.total()
