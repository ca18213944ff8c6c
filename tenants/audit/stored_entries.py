"""Entries of the audit log as they are stored, also those that were edited into something that is no entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import QuerySet

from tenants.models import AuditEntry

# Text that is no UTF-8 or no time; JSON that is none, has numbers of thousands of digits, or a thousand levels.
FAULTS = (DatabaseError, ValueError, TypeError, OverflowError, RecursionError, MemoryError)
AT_ONCE = 500  # entries of one statement


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A row of the log that cannot be read as an entry, with its hash, or "" where that cannot be read either."""

    sequence: int
    hash: str


StoredEntry = AuditEntry | UnreadableEntry


def stored_entries(rows: QuerySet[AuditEntry]) -> Iterator[StoredEntry]:
    """These rows, oldest first."""
    numbers = list(rows.order_by("sequence").values_list("sequence", flat=True))
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        try:
            found = rows.in_bulk(some)
        except FAULTS:  # as the text of one of them is no JSON
            yield from (stored_entry(number) for number in some)
        else:
            yield from (found[number] for number in some if number in found)


def stored_entry(number: int) -> StoredEntry:
    """The row with this number."""
    row = AuditEntry.objects.filter(sequence=number)
    try:
        return row.get()
    except FAULTS:
        pass
    try:
        return UnreadableEntry(number, row.values_list("hash", flat=True).get())
    except FAULTS:
        row.exists()  # raises where the whole database fails
        return UnreadableEntry(number, "")
