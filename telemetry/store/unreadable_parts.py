"""
Parts of records that cannot be read from the bound project's store: noted while an answer is made, and logged.

A file that was repaired, or that was damaged on its disk, may lack rows or hold other bytes. Whoever reads records goes
on without such a part (telemetry/reads/record_parts.py) and says what is missing; the remedy is the operator's:
docs/operations.md#a-damaged-file.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from loopkit.http.store_fault import log_damage
from tenants.stores.binding import bound_project

SPAN, RESOURCE, SCOPE, TRACE, COLUMNS = PARTS = ("span", "resource", "scope", "trace", "columns")


class UnreadableParts:
    """The records with unreadable parts that were met while an answer was made."""

    def __init__(self) -> None:
        self._records: dict[str, set[Hashable]] = {}

    def add(self, part: str, record: Hashable) -> None:
        """Count the record, named by any key that other records do not have, as one without this part."""
        self._records.setdefault(part, set()).add(record)

    @property
    def counts(self) -> dict[str, int]:
        """The number of records by the part that they lack, in the order of PARTS; empty if all were read whole."""
        return {part: len(self._records[part]) for part in PARTS if part in self._records}

    @property
    def records(self) -> int:
        """The number of records that could not be read whole."""
        return len(set().union(*self._records.values()))


_noted: ContextVar[UnreadableParts | None] = ContextVar("unreadable_parts", default=None)


@contextmanager
def noted_parts() -> Iterator[UnreadableParts]:
    """Collect the unreadable parts that are met inside, in this thread."""
    parts = UnreadableParts()
    token = _noted.set(parts)
    try:
        yield parts
    finally:
        _noted.reset(token)


def note(part: str, record: Hashable) -> None:
    """Log that the bound store is damaged, and count the record for the answer that is being made."""
    log_damage(bound_project().project_id, f"the {part} of a record")
    if (parts := _noted.get()) is not None:
        parts.add(part, record)
