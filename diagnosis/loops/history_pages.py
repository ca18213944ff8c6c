"""
A loop's events and verifications, a page at a time from the newest backwards.

Both are only ever added, so that a row's number, counted from the oldest, stays its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from diagnosis.models import Loop, LoopEvent, Verification

A_PAGE = 50  # rows
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class HistoryPage(Generic[M]):
    """Consecutive rows, the number of all rows, and the number behind the page of older ones: None without any."""

    rows: list[M]
    total: int
    before: int | None

    def newest_first(self) -> list[M]:
        """The rows in the other order."""
        return self.rows[::-1]


def page_before(rows: QuerySet[M], before: int | None, limit: int) -> HistoryPage[M]:
    """The last `limit` rows with a number of at most `before`, oldest first; the newest for None."""
    total = rows.count()
    end = total if before is None else min(before, total)
    start = max(0, end - limit)
    return HistoryPage(list(rows[start:end]), total, start or None)


def events_page(loop: Loop, before: int | None = None, limit: int = A_PAGE) -> HistoryPage[LoopEvent]:
    """A page of the loop's events, oldest first."""
    return page_before(loop.events.order_by("created_at", "pk"), before, limit)


def verifications_page(
    loop: Loop, before: int | None = None, limit: int = A_PAGE
) -> HistoryPage[Verification]:
    """A page of the loop's verifications, oldest first."""
    return page_before(loop.verifications.order_by("created_at", "pk"), before, limit)


def page_number(text: str) -> int | None:
    """The number in a page's query, or None for anything else."""
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 and int(text) else None
