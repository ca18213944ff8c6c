"""
Entries of the audit log that stand for a row elsewhere, each checked by its own hash and the one before it.

This shows that LoopKit wrote the entry, if whoever could change the database did not know the secret. Whether entries
are missing is what `manage.py verify_audit` finds.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from django.conf import settings

from tenants.audit import chain
from tenants.models import AuditEntry


def intact_entries(sequences: Iterable[int]) -> dict[int, AuditEntry]:
    """The entries with these numbers that are stored as LoopKit wrote them, by number."""
    wanted = set(sequences)
    entries = AuditEntry.objects.in_bulk(wanted | {sequence - 1 for sequence in wanted})
    return {
        sequence: entries[sequence]
        for sequence in wanted & entries.keys()
        if is_intact(entries[sequence], entries.get(sequence - 1))
    }


def is_intact(entry: AuditEntry, before: AuditEntry | None) -> bool:
    """Whether the entry's hash is that of the entry and of the one before it."""
    expected = chain.seal(entry, before.hash if before else "", settings.LOOPKIT_AUDIT_SECRET)
    return hmac.compare_digest(entry.hash.encode(), expected.encode())


def numbers_about(event: AuditEntry.Event, targets: Iterable[str]) -> list[int]:
    """The numbers of the entries of this event about these targets."""
    about = AuditEntry.objects.filter(event=event, target__in=list(targets))
    return list(about.order_by("sequence").values_list("sequence", flat=True))
