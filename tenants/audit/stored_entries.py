"""Entries of the audit log as they are stored, also those that were edited into something that is no entry."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import BigIntegerField, F, Func, QuerySet, TextField

from tenants.models import AuditEntry

# Text that is no UTF-8 or no time; JSON that is none, has numbers of thousands of digits, or a thousand levels.
FAULTS = (DatabaseError, ValueError, TypeError, OverflowError, RecursionError, MemoryError)
AT_ONCE = 500  # entries of one statement
# In SQLite, whose rows have a number of their own.
KIND = Func(F("sequence"), function="typeof", output_field=TextField())
ROW_ID = Func(template="tenants_auditentry.rowid", output_field=BigIntegerField())
NO_ENTRY = 0  # a number that none has
TEXTS = ("event", "actor", "target", "tenant_id", "address", "hash")


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A row of the log that cannot be read as an entry, with its hash, or "" where that cannot be read either."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class UnnumberedEntry:
    """A row of the log that has no number of an entry, by its rowid, with its hash as above."""

    row: int
    hash: str


NumberedEntry = AuditEntry | UnreadableEntry
StoredEntry = NumberedEntry | UnnumberedEntry


def checked_entry(row: AuditEntry) -> NumberedEntry:
    """The row as an entry if each column has a value of its type: SQLite keeps bytes in any of them."""
    texts = [getattr(row, name) for name in TEXTS]
    is_entry = isinstance(row.at, datetime) and isinstance(row.detail, dict)
    if is_entry and all(isinstance(text, str) for text in texts):
        return row
    return UnreadableEntry(row.sequence, readable_hash(row.hash))


def readable_hash(stored: object) -> str:
    """The hash of a row, "" if it is no text."""
    return stored if isinstance(stored, str) else ""


def stored_entries(rows: QuerySet[AuditEntry]) -> Iterator[StoredEntry]:
    """These rows, oldest first; last those without a number of an entry, which PostgreSQL does not keep."""
    numbered = rows
    if connection.vendor == "sqlite":
        numbered = rows.annotate(kind=KIND).filter(kind="integer")
    numbers = list(numbered.order_by("sequence").values_list("sequence", flat=True))
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        found = entries_by_number(rows, some)
        yield from (found[number] for number in some if number in found)
    if connection.vendor == "sqlite":
        yield from unnumbered_entries(rows)


def unnumbered_entries(rows: QuerySet[AuditEntry]) -> Iterator[UnnumberedEntry]:
    """Those of these rows whose number is a text, bytes or a fraction, in the order in which they lie in the file."""
    unnumbered = rows.annotate(row=ROW_ID, kind=KIND).exclude(kind="integer")
    for row in unnumbered.order_by("row").values_list("row", flat=True):
        try:
            hashes = unnumbered.filter(row=row).values_list("hash", flat=True)
            yield UnnumberedEntry(row, readable_hash(hashes.get()))
        except FAULTS:
            yield UnnumberedEntry(row, "")


def entries_by_number(rows: QuerySet[AuditEntry], numbers: Collection[int]) -> dict[int, NumberedEntry]:
    """Those of these rows that have these numbers. Raises DatabaseError where the table lacks a column."""
    try:
        return {number: checked_entry(row) for number, row in rows.in_bulk(numbers).items()}
    except FAULTS:  # as the text of one of them is no JSON
        AuditEntry.objects.filter(sequence=NO_ENTRY).first()  # raises if it is not the rows
        present = rows.filter(sequence__in=numbers).values_list("sequence", flat=True)
        return {number: stored_entry(number) for number in present}


def stored_entry(number: int) -> NumberedEntry:
    """The row with this number."""
    row = AuditEntry.objects.filter(sequence=number)
    try:
        return checked_entry(row.get())
    except FAULTS:
        pass
    try:
        return UnreadableEntry(number, readable_hash(row.values_list("hash", flat=True).get()))
    except FAULTS:
        row.exists()  # raises where the whole database fails
        return UnreadableEntry(number, "")
