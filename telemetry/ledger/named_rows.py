"""The records and the senders that an entry of the drop ledger names, by the time of their arrival."""

from __future__ import annotations

from typing import Any

from django.db.models import Max, Min, Q

from telemetry.models import Conflict, OddClock
from telemetry.spans.record_ids import record_id
from telemetry.store import odd_times
from telemetry.store.tallies import HOUR_NANO
from telemetry.windows import MINUTE_NANO, Window, moment

MOST_NAMED = 20  # in an entry
ON_THEIR_OWN = {odd_times.ABSENT, *odd_times.UNITS}  # reasons that say nothing about the sender's clock


def conflicting_records(window: Window) -> list[dict[str, Any]]:
    """Return the records of which another version came in the window's hours, newest first."""
    rows = Conflict.objects.filter(arrived_in(window))
    return [
        {
            "record_id": record_id(row.trace_id, row.span_id),
            "arrived_at": moment(row.arrived_unix_nano),
            "differs_in": row.differs_in.split(","),
            "failed": row.is_failure,
        }
        for row in rows.order_by("-arrived_unix_nano", "trace_id", "span_id")[:MOST_NAMED]
    ]


def odd_senders(window: Window, reason: str) -> list[dict[str, Any]]:
    """Return the senders of which such spans came in the window's hours, newest first."""
    rows = OddClock.objects.filter(arrived_in(window), reason=reason)
    return [
        {
            "service": row.service,
            "host": row.host or None,
            "count": row.count,
            "cause": cause(reason, row.offset_nano),
            "offset_seconds": None if reason in ON_THEIR_OWN else round(row.offset_nano / 1e9),
            "first_start": moment(row.first_unix_nano),
            "last_start": moment(row.last_unix_nano),
            "arrived_at": moment(row.arrived_unix_nano),
        }
        for row in rows.order_by("-arrived_unix_nano", "service", "host")[:MOST_NAMED]
    ]


def is_all_in(window: Window, reason: str) -> bool:
    """Return whether all spans with such times that came since the window's first hour are known to start in it."""
    if reason in ON_THEIR_OWN:
        return False
    first_hour, _ = hours_of(window)
    # Of more senders than are kept, some may be forgotten.
    if OddClock.objects.count() >= odd_times.MOST:
        return False
    senders = OddClock.objects.filter(reason=reason, arrived_unix_nano__gte=first_hour * HOUR_NANO)
    times = senders.aggregate(first=Min("first_unix_nano"), last=Max("last_unix_nano"))
    is_known = times["first"] is not None
    return is_known and window.start_unix_nano <= times["first"] and times["last"] < window.end_unix_nano


def cause(reason: str, offset_nano: int) -> str:
    """Return the likely cause of odd times as a sentence."""
    if reason in odd_times.UNITS:
        return f"Start times look like {reason.removeprefix('time_in_')}."
    if reason == odd_times.ABSENT:
        return "There are no times."
    if reason == odd_times.AHEAD:
        return f"Its clock is {rough_length(offset_nano)} ahead."
    return f"Its clock is {rough_length(-offset_nano)} behind, or the spans were kept back for so long."


def rough_length(nano: int) -> str:
    """Return a length of time in the unit that suits it: `20 minutes`, `26 hours`, `3 days`."""
    minutes = max(1, round(nano / MINUTE_NANO))
    for unit, length in (("day", 1440), ("hour", 60)):
        if minutes >= 2 * length:
            return f"{round(minutes / length):,} {unit}s"
    return f"{minutes} minute{'s' * (minutes != 1)}"


def arrived_in(window: Window) -> Q:
    """Return the condition on rows that they came in an hour of the window."""
    first, beyond = hours_of(window)
    return Q(arrived_unix_nano__gte=first * HOUR_NANO, arrived_unix_nano__lt=beyond * HOUR_NANO)


def hours_of(window: Window) -> tuple[int, int]:
    """Return the first hour that the window touches, and the first hour after it."""
    return window.start_unix_nano // HOUR_NANO, -(-window.end_unix_nano // HOUR_NANO)
