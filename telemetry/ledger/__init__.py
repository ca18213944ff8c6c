"""
The drop ledger: whatever was not stored, or not stored as it was sent, is counted by reason and hour of arrival.

The counts are the tallies that the store writes together with the spans. This package adds the meaning of each reason
and its remedy, for the API, the dashboard, packets and the operators' page. May import the store and what is below it.
"""

from telemetry.ledger.entries import (
    LedgerEntry,
    MissingSpans,
    by_hour,
    ledger_entries,
    missing_in,
    note_refused,
)
from telemetry.ledger.reasons import INVALID_REQUEST, LOGS, METRICS, REASONS, RefusalReason

__all__ = [
    "INVALID_REQUEST",
    "LOGS",
    "METRICS",
    "REASONS",
    "LedgerEntry",
    "MissingSpans",
    "RefusalReason",
    "by_hour",
    "ledger_entries",
    "missing_in",
    "note_refused",
]
