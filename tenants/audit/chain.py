"""
The hash chain of the audit log: each entry's hash covers the entry and the hash of the entry before it.

Pure functions. The hash is keyed (HMAC, https://www.rfc-editor.org/rfc/rfc2104), so somebody who can write to the
database but does not know the secret cannot forge a valid chain. What LoopKit would not write as JSON, such as
infinity, a number of 70 bits or half of a surrogate pair, has no hash: an entry with it is not one that LoopKit wrote.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from tenants.audit.stored_entries import (
    NumberedEntry,
    StoredEntry,
    UnnumberedEntry,
    UnreadableEntry,
)
from tenants.models import AuditEntry


class NotWritten(ValueError):
    """The entry holds what LoopKit does not write, so it has no hash."""


def entry_facts(entry: AuditEntry) -> dict[str, Any]:
    """The fields of an entry that its hash covers, as JSON values."""
    return {
        "sequence": entry.sequence,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "event": str(entry.event),
        "actor": entry.actor,
        "target": entry.target,
        "tenant_id": entry.tenant_id,
        "address": entry.address,
        "detail": entry.detail,
    }


def seal(entry: AuditEntry, before: str, secret: str) -> str:
    """The hash of an entry, given the hash of the entry before it ("" for the first entry). Raises NotWritten."""
    try:
        message = before.encode() + b"\n" + canonical(entry_facts(entry))
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise NotWritten(str(error)) from error
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def canonical(facts: dict[str, Any]) -> bytes:
    """
    The facts as JSON with sorted keys, one text for each value. Raises TypeError or ValueError for what has none.

    orjson refuses integers above 64 bits and half surrogate pairs, but writes infinities and NaN as null.
    https://github.com/ijl/orjson#float
    """
    written = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
    if b"null" in written:
        json.dumps(facts, allow_nan=False)
    return written


def is_sealed(entry: StoredEntry, before: str, secret: str) -> bool:
    """Whether the entry is as LoopKit wrote it, after an entry with this hash."""
    if not isinstance(entry, AuditEntry):
        return False
    try:
        return hmac.compare_digest(entry.hash.encode(), seal(entry, before, secret).encode())
    except ValueError:  # NotWritten, or a hash that is no text
        return False


def breaks(entries: Iterable[StoredEntry], secret: str, sequence: int = 0, before: str = "") -> Iterator[str]:
    """
    Yield a sentence for each gap or changed entry. The entries are ordered by sequence, and the first one follows the
    entry with this sequence number and hash.
    """
    for entry in entries:
        if isinstance(entry, UnnumberedEntry):
            yield f"Row {entry.row} has no number of an entry: LoopKit did not write it so."
            continue
        if entry.sequence != sequence + 1:
            yield f"Entry {entry.sequence} comes right after {sequence}: entries are missing or were inserted."
        elif not is_sealed(entry, before, secret):
            yield f"Entry {entry.sequence} is not what LoopKit wrote there: it or the entry before it was changed."
        sequence, before = entry.sequence, entry.hash


def as_line(entry: StoredEntry) -> bytes:
    """
    An entry with its hash as one line of JSONL, in printable ASCII, since strangers chose the names in it. One that
    cannot be read has its number, its hash and `"unreadable": true` alone, and its row for a number that it lacks.
    """
    facts: dict[str, Any]
    if isinstance(entry, UnnumberedEntry):
        facts = {"sequence": None, "row": entry.row, "unreadable": True}
    elif isinstance(entry, UnreadableEntry):
        facts = {"sequence": entry.sequence, "unreadable": True}
    else:
        facts = entry_facts(entry)
    line = json.dumps(facts | {"hash": entry.hash}, separators=(",", ":"))
    return (
        line.replace("\x7f", "\\u007f").encode() + b"\n"
    )  # DEL is the one control character that JSON leaves


def from_line(line: bytes) -> StoredEntry:
    """Parse a line written by `as_line`. Raises ValueError, KeyError or TypeError for any other text."""
    fields = orjson.loads(line)
    entry: NumberedEntry
    if "row" in fields and fields["sequence"] is None:
        return UnnumberedEntry(int(fields["row"]), str(fields["hash"]))
    if "unreadable" in fields:
        entry = UnreadableEntry(fields["sequence"], fields["hash"])
    else:
        entry = AuditEntry(**fields | {"at": datetime.fromisoformat(fields["at"])})
    if type(entry.sequence) is not int or not isinstance(entry.hash, str):
        raise ValueError("an entry has a whole number as its sequence, and a text as its hash")
    return entry
