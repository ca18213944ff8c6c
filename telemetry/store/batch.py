"""The rows that one request brings to the store, and the outcome of storing them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telemetry.grouping.versions import GroupingRules
from telemetry.spans.context_log import ContextRow
from telemetry.spans.joining_log import JoiningLog
from telemetry.spans.span import Span
from telemetry.store.row import RecordRow
from telemetry.store.segments import SegmentPart

# Given by ingest: the row of a span under the project's rules.
RowOf = Callable[[Span, GroupingRules], RecordRow]


# Without repr, because thousands of rows would fill an error message.
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Batch:
    """The rows of one request, in the order sent."""

    rows: Sequence[RecordRow]
    parts: Sequence[SegmentPart]  # the same rows, with their spans packed
    rejected: Counter[str]  # spans that can never be stored, by reason
    changed: Counter[str]  # values and items that are not stored as they were sent, by reason
    quota: int | None  # spans that the project may ever store; None: no limit
    now_unix_nano: int
    version: int = 0  # of the fingerprints
    known_at: float = math.inf  # time.monotonic() when the project's version of fingerprints was read
    logs: Sequence[JoiningLog] = ()  # log records of the request that join the spans that they name
    row_of: RowOf | None = None  # None: no log record joins a span while this batch is stored
    context: Sequence[ContextRow] = ()  # log records of the request that are kept as context of their traces


@dataclass(slots=True)
class Receipt:
    """The outcome of storing the spans or the log records of one request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason
    conflicts: int = 0  # versions of stored spans that differ from them, and are not stored
    joined: int = 0  # of the accepted, log records that join a span
    context: int = 0  # of the accepted, log records that are kept as context
    others: int = 0  # log records that would be context, and that are only counted

    @property
    def known(self) -> int:
        """The number of spans that are stored, or have the ids of one that is."""
        return self.accepted + self.duplicates + self.conflicts

    @property
    def rejected_total(self) -> int:
        """The number of spans that were rejected."""
        return self.rejected.total()
