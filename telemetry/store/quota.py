"""
The spans that a project's quota has room for, and of these the user signals.

The key of signals is in public pages, so that most of the quota is for spans of the project's own programs.
"""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.spans.signal_traces import END, PREFIX, is_signal
from telemetry.store import tallies
from telemetry.store.insertion import existing
from telemetry.store.row import RecordRow
from telemetry.store.sql import fetch

SIGNALS_SHARE = 10  # signals get a tenth, rounded down: none of a quota below 10
COUNT_SIGNALS = """
    SELECT COUNT(*) FROM (
        SELECT trace_id FROM telemetry_record WHERE trace_id >= %s AND trace_id < %s LIMIT %s
    ) AS signals
"""


@dataclass(slots=True)
class QuotaRoom:
    """What is left of a quota for log records; None: any number."""

    left: int | None

    def take(self) -> bool:
        """Take one place; False if there is none."""
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0


def room(quota: int | None) -> int | None:
    """The number of spans that may still be stored; None for any number."""
    return None if quota is None else quota - tallies.stored()


def signals_room(quota: int) -> int:
    """The number of user signals that may still be stored of this quota."""
    most = quota // SIGNALS_SHARE
    return most - int(fetch(COUNT_SIGNALS, [PREFIX, END, most])[0][0])


def fit_signals(rows: list[RecordRow], quota: int | None) -> list[RecordRow]:
    """The rows without those user signals that have no room in their share. Called inside a transaction."""
    if quota is None or not (signals := [row for row in rows if is_signal(row.trace_id)]):
        return rows
    fitting_keys = {row[:2] for row in fit(signals, signals_room(quota))}
    return [row for row in rows if not is_signal(row.trace_id) or row[:2] in fitting_keys]


def fit(rows: list[RecordRow], room: int | None) -> list[RecordRow]:
    """The rows that have room: new ones as long as there is some, and repeats of stored ones, which need none."""
    if room is None or room >= len(rows):
        return rows
    stored_keys = existing(rows)
    fitting_rows = []
    for row in rows:
        if row[:2] not in stored_keys:
            if room <= 0:
                continue
            room -= 1
        fitting_rows.append(row)
    return fitting_rows
