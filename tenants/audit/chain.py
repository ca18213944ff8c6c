"""
The chain of the audit log: each entry's hash covers the entry and the hash before it. Pure functions.

The hash is keyed (HMAC, https://www.rfc-editor.org/rfc/rfc2104): who can write the database and does not know the
secret cannot make a chain that fits.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from tenants.models import AuditEntry


def facts(entry: AuditEntry) -> dict[str, Any]:
    """Everything that the hash covers, as JSON has it."""
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
    """The entry's hash, given the one before it; "" before the first."""
    message = before.encode() + b"\n" + orjson.dumps(facts(entry), option=orjson.OPT_SORT_KEYS)
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def breaks(entries: Iterable[AuditEntry], secret: str) -> Iterator[str]:
    """What does not fit in entries from the first on, by sequence; nothing where all is as it was written."""
    sequence, before = 0, ""
    for entry in entries:
        if entry.sequence != sequence + 1:
            yield f"Entry {entry.sequence} comes right after {sequence}: entries are missing or were put in."
        elif not hmac.compare_digest(entry.hash.encode(), seal(entry, before, secret).encode()):
            yield f"Entry {entry.sequence} is not what LoopKit wrote there: it, or the one before, was changed."
        sequence, before = entry.sequence, entry.hash


def as_line(entry: AuditEntry) -> bytes:
    """The entry as a line of JSONL, with its hash."""
    return orjson.dumps(facts(entry) | {"hash": entry.hash}, option=orjson.OPT_APPEND_NEWLINE)


def from_line(line: bytes) -> AuditEntry:
    """The entry of such a line. ValueError, KeyError or TypeError for another text."""
    fields = orjson.loads(line)
    return AuditEntry(**fields | {"at": datetime.fromisoformat(fields["at"])})
