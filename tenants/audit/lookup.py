"""
Entries of the audit log that stand for a row elsewhere, each checked by its own hash and the one before it.

This shows that LoopKit wrote the entry, if whoever could change the database did not know the secret. Whether any other
entry was edited in its place is what `manage.py verify_audit` finds, and `are_intact_since` for the newest ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count, Max

from tenants.audit import chain, head, numbers
from tenants.audit.stored_entries import NumberedEntry, entries_by_number, stored_entries
from tenants.models import AuditEntry

MOST_VERIFIED = 10_000  # entries of one check


def intact_entries(sequences: Iterable[int]) -> dict[int, AuditEntry]:
    """The entries with these numbers that are stored as LoopKit wrote them, by number."""
    wanted = set(sequences)
    needed = wanted | {sequence - 1 for sequence in wanted}
    entries = entries_by_number(AuditEntry.objects.all(), needed)
    return {
        sequence: entry
        for sequence, entry in entries.items()
        if sequence in wanted
        and isinstance(entry, AuditEntry)
        and is_intact(entry, entries.get(sequence - 1))
    }


def are_intact_since(sequence: int) -> bool:
    """Whether the entries after this one, the newest MOST_VERIFIED at most, are stored as LoopKit wrote them."""
    start = max(sequence, numbers.newest_number() - MOST_VERIFIED)
    before = AuditEntry.objects.filter(sequence=start).values_list("hash", flat=True).first() or ""
    later = stored_entries(AuditEntry.objects.filter(sequence__gt=start))
    return not any(chain.breaks(later, settings.LOOPKIT_AUDIT_SECRET, start, before))


def is_intact(entry: AuditEntry, before: NumberedEntry | None) -> bool:
    """Whether the entry's hash is that of the entry and of the one before it."""
    return chain.is_sealed(entry, before.hash if before else "", settings.LOOPKIT_AUDIT_SECRET)


def numbers_about(events: Iterable[AuditEntry.Event], targets: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of the entries of these events about each of these targets, in their order; from an index alone."""
    about = AuditEntry.objects.filter(event__in=list(events), target__in=list(targets)).order_by("sequence")
    numbers: dict[str, list[int]] = defaultdict(list)
    for target, number in about.values_list("target", "sequence"):
        numbers[target].append(number)
    return numbers


def is_whole_since(sequence: int) -> bool:
    """
    Whether no entry after this one is missing: numbers have no gap, and the log has the head that audit.head records.

    Counts numbers in an index: about a millisecond for 100,000 entries.
    """
    later = AuditEntry.objects.filter(sequence__gt=sequence).aggregate(
        n=Count("sequence"), last=Max("sequence")
    )
    try:
        known = head.known_head()
    except ValueError:
        return False
    return later["n"] == (later["last"] or sequence) - sequence and (known is None or known.is_in_the_log())
