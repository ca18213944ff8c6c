"""
Bytes in, records stored: key -> bind -> decode -> normalise -> store (one transaction) -> receipt.

The key was checked and its project bound by the view; what is acknowledged is committed and synced.
"""

from __future__ import annotations

from datetime import datetime

from telemetry.decode import Encoding, decode
from telemetry.normalise import normalise
from telemetry.store import Receipt, append
from telemetry.windows import unix_nano
from tenants.binding import bound_project


def ingest(body: bytes, encoding: Encoding, now: datetime) -> Receipt:
    """Store the request's spans in the bound project. Undecodable when the body is broken as a whole."""
    decoded = decode(body, encoding)
    rows = [normalise(span) for span in decoded.spans]
    return append(rows, decoded.rejected, bound_project().quota_spans, unix_nano(now))
