"""
What was seen of a cluster's failures in the SEVEN_DAYS until its last one: how many, of how many people, in which time.

Where an operator named the production environments, these are the failures there. The stretch follows from the store
alone, so that no choice of a diagnosis' window changes the numbers. What lies further ahead of now than a clock that is
a little wrong is no end of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from telemetry.models.column_ranges import COUNT
from telemetry.reads.present import SKEW_NANO
from telemetry.store.sql import fetch
from telemetry.windows import MINUTE_NANO, unix_nano

SEVEN_DAYS = 7 * 1440 * MINUTE_NANO  # nanoseconds
MOST = 5_000  # failures of a cluster whose people and tokens are counted, the newest
OF_CLUSTER = (
    "FROM telemetry_attribution WHERE fingerprint = %s AND NOT is_downstream{there} AND start_time_unix_nano"
)
LAST = f"SELECT start_time_unix_nano {OF_CLUSTER} < %s ORDER BY start_time_unix_nano DESC LIMIT 1"
NUMBER = f"""
    SELECT COUNT(*) AS number, MIN(start_time_unix_nano) AS first
    {OF_CLUSTER} >= %s AND start_time_unix_nano <= %s
"""
NEWEST = f"""
    SELECT trace_id, session_key, user_key, trace_tokens {OF_CLUSTER} >= %s AND start_time_unix_nano <= %s
    ORDER BY start_time_unix_nano DESC, trace_id DESC, span_id DESC LIMIT %s
"""
# In one statement, since a statement for each number takes longer than all of them.
SEEN = f"""
    WITH counted AS ({NUMBER}), newest AS ({NEWEST})
    SELECT (SELECT number FROM counted), (SELECT first FROM counted),
           COUNT(DISTINCT session_key), COUNT(DISTINCT NULLIF(user_key, 0)),
           (SELECT SUM(trace_tokens * 1.0) FROM (SELECT DISTINCT trace_id, trace_tokens FROM newest) AS failing)
    FROM newest
"""  # noqa: S608  (constants)


class SeenFailures(NamedTuple):
    """The failures of a cluster that were seen, from the first to the last of them in seconds, and whom they hit."""

    failures: int = 0
    users: int = 0
    sessions: int = 0  # a trace without one is a session of its own
    tokens: int = 0  # of the whole traces that failed
    seconds: int = 0

    @property
    def people(self) -> int:
        """The users, or the sessions where no record names a user."""
        return self.users or self.sessions


def read_seen(
    fingerprints: Iterable[int], now: datetime, production: Collection[str] = ()
) -> dict[int, SeenFailures]:
    """
    What was seen of each of these clusters in the bound project; none of one without failures of its own.

    Args:
        production: environments that an operator named: the failures there alone; empty: all.
    """
    before, names = unix_nano(now) + SKEW_NANO, sorted(production)
    seen = {}
    for fingerprint in fingerprints:
        if last := fetch(LAST.format(there=there(names)), [fingerprint, *names, before]):
            seen[fingerprint] = seen_until(fingerprint, last[0][0], names)
        elif names and fetch(LAST.format(there=""), [fingerprint, before]):
            seen[fingerprint] = SeenFailures()
    return seen


def there(environments: Sequence[str]) -> str:
    """The condition of failures in these environments; "" for none."""
    return f" AND environment IN ({', '.join(['%s'] * len(environments))})" if environments else ""


def seen_until(fingerprint: int, last: int, environments: Sequence[str] = ()) -> SeenFailures:
    """What was seen of the cluster, in these environments, until its failure at this time, in unix nanoseconds."""
    bounds = [fingerprint, *environments, last - SEVEN_DAYS, last]
    [(failures, first, sessions, users, tokens)] = fetch(
        SEEN.format(there=there(environments)), [*bounds, *bounds, MOST]
    )
    return SeenFailures(failures, users, sessions, min(round(tokens or 0), COUNT[1]), (last - first) // 10**9)
