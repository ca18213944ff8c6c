"""The entries of the drop ledger: counts by reason and hour of arrival, with meaning, remedy, records and senders."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, Sum

from telemetry.ledger.named_rows import conflicting_records, hours_of, is_all_in, odd_senders
from telemetry.ledger.reasons import OTHER, REASONS
from telemetry.models import Tally
from telemetry.store import odd_times, tallies
from telemetry.store.tallies import CONFLICT, HOUR_NANO
from telemetry.store.transactions import atomic
from telemetry.windows import Window, moment, unix_nano

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One reason with its count in the window, its count in total, its meaning and its remedy."""

    reason: str
    unit: str
    count: int
    missing: int  # of `count`, how many may not be in the window
    total: int
    meaning: str
    remedy: str
    # The newest in the window, MOST_NAMED at most.
    records: list[dict[str, Any]] = field(default_factory=list)
    senders: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MissingSpans:
    """A number of spans or requests that a window lacks, and the words that say of what kind they are."""

    reason: str
    count: int
    unit: str
    words: str


def ledger_entries(window: Window) -> list[LedgerEntry]:
    """
    Return an entry for every reason that the bound project has, those with a count in the window first.

    An hour counts if it is partly in the window.
    """
    all_entries = [ledger_entry(*counts, window) for counts in counted_reasons(window)]
    return sorted(all_entries, key=lambda item: (not item.count, item.reason))


def counted_reasons(window: Window) -> list[tuple[str, int, int]]:
    """Return each reason that the bound project has, with its count in the hours of the window and in total."""
    first, beyond = hours_of(window)
    in_window = Q(hour__gte=first, hour__lt=beyond)
    rows = Tally.objects.values("reason").annotate(recent=Sum("count", filter=in_window), total=Sum("count"))
    return [(row["reason"], row["recent"] or 0, row["total"]) for row in rows]


def ledger_entry(reason: str, recent: int, total: int, window: Window) -> LedgerEntry:
    """Return the entry of the reason, with its meaning and remedy."""
    about = REASONS.get(reason, OTHER)
    return LedgerEntry(
        reason,
        count=recent,
        missing=recent if may_be_missing(reason, window) else 0,
        total=total,
        unit=about.unit,
        meaning=about.meaning,
        remedy=about.remedy,
        records=conflicting_records(window) if reason == CONFLICT else [],
        senders=odd_senders(window, reason) if reason in odd_times.REASONS else [],
    )


def by_hour(window: Window) -> list[dict[str, Any]]:
    """Return the hours of the window in which something arrived, newest first: at most 721 of them."""
    first, beyond = hours_of(window)
    hours: dict[int, dict[str, int]] = {}
    rows = Tally.objects.filter(hour__gte=first, hour__lt=beyond).order_by("-hour", "reason")
    for hour, reason, count in rows.values_list("hour", "reason", "count"):
        hours.setdefault(hour, {})[reason] = count
    return [{"hour": moment(hour * HOUR_NANO), "counts": counts} for hour, counts in hours.items()]


def missing_in(window: Window) -> list[MissingSpans]:
    """
    Return what came in the hours of the window and is not in it, or may not be, the most first.

    Times of arrival stand for times of events: those of what was refused are not known. What came late, or early, and
    is known to be in the window is left out.
    """
    found = [
        MissingSpans(reason, count, about.unit, about.missing)
        for reason, count, _ in counted_reasons(window)
        if count and may_be_missing(reason, window)
        for about in [REASONS.get(reason, OTHER)]
    ]
    return sorted(found, key=lambda item: (-item.count, item.reason))


def may_be_missing(reason: str, window: Window) -> bool:
    """Whether what was counted for the reason in the hours of the window may not be in it."""
    if not REASONS.get(reason, OTHER).missing:
        return False
    return reason not in odd_times.REASONS or not is_all_in(window, reason)


def note_refused(reason: str, count: int, now: datetime) -> None:
    """Count what was refused before it reached the store, in a transaction of its own; a failure is only logged."""
    try:
        with atomic():
            tallies.add_tallies({(unix_nano(now) // HOUR_NANO, reason): count})
    except (DatabaseError, OSError) as error:
        logger.warning("could not count %d of %s in the ledger: %s", count, reason, error)
