"""
Leases, by which one process at a time does a job: rows of the control database, taken and renewed by compare-and-set.

If the holder dies, another process can take the lease once it has run out. The clocks of machines that share a
database must differ by less than the length of the lease.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from diagnosis.models import Lease


def take_lease(name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Take the lease, or renew it, and return whether the holder has it now. Only reads if another holder has it."""
    row = Lease.objects.filter(name=name).first()
    if row is None:
        Lease.objects.bulk_create([Lease(name=name, until=now)], ignore_conflicts=True)
    elif row.holder != holder and row.until > now:
        return False
    free = Q(holder=holder) | Q(until__lte=now)
    return bool(Lease.objects.filter(free, name=name).update(holder=holder, until=now + length))


def release_lease(name: str, holder: str, now: datetime) -> None:
    """Release the lease, so that another holder can take it at once."""
    Lease.objects.filter(name=name, holder=holder).update(holder="", until=now)
