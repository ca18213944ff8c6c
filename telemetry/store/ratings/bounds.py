"""
How many versions of one user signal are kept, and how many signals about one trace or session.

Each version that comes is ordered with those before it, and each trace of a session with the signals about it, and the
key of signals is in public pages: without a bound, one network's requests would each take seconds of everybody's.
"""

from __future__ import annotations

from telemetry.models import Rating, Record

MOST_VERSIONS = 100  # of one feedback id
MOST_ABOUT_ONE = 10_000  # signals about one trace or session


def has_all_versions(trace_id: bytes) -> bool:
    """Whether the signal that is stored as this trace has as many versions as are kept."""
    return Record.objects.filter(trace_id=trace_id)[:MOST_VERSIONS].count() >= MOST_VERSIONS


def has_all_signals(about: str, trace_id: bytes) -> bool:
    """Whether as many signals as are kept are about this trace or session, without the one stored as `trace_id`."""
    others = Rating.objects.filter(about=about).exclude(trace_id=trace_id)
    return others[:MOST_ABOUT_ONE].count() >= MOST_ABOUT_ONE
