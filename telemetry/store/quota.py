"""The spans that a project's quota has room for."""

from __future__ import annotations

from telemetry.store import tallies
from telemetry.store.insertion import existing
from telemetry.store.row import RecordRow


def room(quota: int | None) -> int | None:
    """The number of spans that may still be stored; None for any number."""
    return None if quota is None else quota - tallies.stored()


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
