"""
Leases, by which one process at a time does a job: rows of the control database, taken and renewed by compare-and-set.

Each renewal raises a counter. A lease is free once its counter has stood still for the length of the lease, measured by
the process that waits, on its own monotonic clock: no time is stored, so neither a clock that jumps nor the clock of
another machine matters. If the holder dies, another process can take the lease after its length.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from diagnosis.models import Lease

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class LeaseClaim:
    """One process's claim to a lease of this name, and what it has seen of the holder."""

    name: str
    holder: str
    length: float  # seconds
    steady: Callable[[], float] = time.monotonic
    seen: tuple[str, int] = ("", 0)  # the other holder and its counter
    since: float = 0.0  # when this counter was first seen

    def take(self) -> bool:
        """Take the lease, or renew it, and return whether this process has it now. Waiting only reads."""
        row = Lease.objects.filter(name=self.name).first()
        if row is None:
            row = Lease(name=self.name)
            Lease.objects.bulk_create([row], ignore_conflicts=True)
        elif row.holder not in {"", self.holder} and not self.has_stood_still(row):
            return False
        unchanged = Lease.objects.filter(name=self.name, holder=row.holder, beats=row.beats)
        return bool(unchanged.update(holder=self.holder, beats=row.beats + 1))

    def has_stood_still(self, row: Lease) -> bool:
        """Whether the other holder's counter has been the same for the length of the lease."""
        now = self.steady()
        if row.holder != self.seen[0]:
            logger.info(
                "%s waits for %s, which has the lease %s; takes it after %.0f s without a renewal",
                self.holder, row.holder, self.name, self.length,
            )  # fmt: skip
        if (row.holder, row.beats) != self.seen:
            self.seen, self.since = (row.holder, row.beats), now
        if now - self.since < self.length:
            return False
        logger.warning(
            "%s takes the lease %s from %s, which has not renewed it", self.holder, self.name, row.holder
        )
        return True

    def release(self) -> None:
        """Give the lease back, so that another process can take it at once."""
        Lease.objects.filter(name=self.name, holder=self.holder).update(holder="")
