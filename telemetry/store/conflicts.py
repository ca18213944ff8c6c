"""
The records of which another version came later, for the drop ledger: the newest MOST of a project.

Called inside store.append's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.store.known_ids import LaterVersion
from telemetry.store.sql import execute, write_many

MOST = 200  # of a project; the tally counts all of them
UPSERT = """
    INSERT INTO telemetry_conflict (trace_id, span_id, arrived_unix_nano, differs_in, is_failure) VALUES {rows}
    ON CONFLICT (trace_id, span_id) DO UPDATE SET arrived_unix_nano = excluded.arrived_unix_nano,
        differs_in = excluded.differs_in, is_failure = excluded.is_failure
"""
FORGET = f"""
    DELETE FROM telemetry_conflict WHERE arrived_unix_nano < (
        SELECT arrived_unix_nano FROM telemetry_conflict ORDER BY arrived_unix_nano DESC LIMIT 1 OFFSET {MOST - 1}
    )
"""  # noqa: S608  (a constant)


def note_conflicts(conflicts: Iterable[LaterVersion], now_unix_nano: int) -> None:
    """Note the records of these versions, in place of earlier notes of the same records."""
    rows = {
        row[:2]: (*row[:2], now_unix_nano, ",".join(fields), row.fingerprint is not None)
        for row, fields in conflicts
    }
    newest = list(rows.values())[-MOST:]
    if newest:
        write_many(UPSERT, newest)
        execute(FORGET, [])
