"""
Who does what only one may do: a row of the control database, taken for a while and renewed, by compare-and-set.

Whoever dies with it is followed by another when it runs out. Clocks of machines that share a database may differ by
less than the lease is long.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from diagnosis.models import Lease


def take(name: str, holder: str, now: datetime, length: timedelta) -> bool:
    """Whether the holder has the lease from now on; the one who has it renews it. Who may not only reads."""
    row = Lease.objects.filter(name=name).first()
    if row is None:
        Lease.objects.bulk_create([Lease(name=name, until=now)], ignore_conflicts=True)
    elif row.holder != holder and row.until > now:
        return False
    free = Q(holder=holder) | Q(until__lte=now)
    return bool(Lease.objects.filter(free, name=name).update(holder=holder, until=now + length))


def give_back(name: str, holder: str, now: datetime) -> None:
    """Let another have it at once."""
    Lease.objects.filter(name=name, holder=holder).update(holder="", until=now)
