"""
Whether a failure still happens, or since when it is quiet: how much ran since the last failure without another one.

If nothing changed, each record was as likely to fail as any other. Then the chance that the last `m` of `n` records
hold none of `k` failing sessions is C(n - m, k) / C(n, k) (hypergeometric.py): the test is exact although the last
failure chose the moment since which is counted. Below CHANCE, the failure is quiet. A session that fails again and
again counts once, as in diagnosis/statistics/e_process.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diagnosis.display.quantities import counted, percent, to_the_minute
from diagnosis.issues.extents import Extent
from diagnosis.issues.impact import Impact
from diagnosis.statistics.hypergeometric import all_in_part
from diagnosis.window.records_since import Since, records_since
from telemetry.windows import moment, rfc3339

CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class QuietSince:
    """The last failure, and the records of the operation that started after it."""

    last_unix_nano: int
    until_unix_nano: int
    records: int
    chance: float  # of so many records without a failure, if nothing changed

    @property
    def is_quiet(self) -> bool:
        """Whether so many records without a failure are no chance."""
        return self.chance < CHANCE

    @property
    def reason(self) -> str:
        """What that says, in one sentence."""
        last = f"The last failure was at {to_the_minute(moment(self.last_unix_nano))}"
        until = to_the_minute(moment(self.until_unix_nano))
        if not self.records:
            return f"{last}, and no record of the operation started after it until {until}."
        since = f"{last}; {counted(self.records, 'record')} of the operation started after it until {until}"
        if self.is_quiet:
            return f"{since}. At the rate until then, none of them would fail with a chance of {percent(self.chance)}."
        return (
            f"{since}, too few to say that it stopped: at the rate until then, none of them fails with a chance of "
            f"{percent(self.chance)}."
        )

    def shown(self) -> dict[str, Any]:
        """The form in which answers show it."""
        return {
            "since": rfc3339(self.last_unix_nano),
            "until": rfc3339(self.until_unix_nano),
            "records": self.records,
            "chance": round(self.chance, 6),
            "is_quiet": self.is_quiet,
            "reason": self.reason,
        }


def read_records_since(clusters: Sequence[Extent], end_unix_nano: int) -> dict[int, int]:
    """The records that started after the last failure of each of these clusters, without those that rules found."""
    questions = {
        cluster.fingerprint: Since(cluster.last_unix_nano, frozenset(cluster.places))
        for cluster in clusters
        if not cluster.signal_type
    }
    counts = records_since(questions, end_unix_nano)
    return {fingerprint: counts[fingerprint] for fingerprint in questions}


def quiet_since(cluster: Extent, impact: Impact, records: int, until_unix_nano: int) -> QuietSince:
    """The cluster in its window, in which so many records of its operations started after its last failure."""
    return of_counts(
        cluster.last_unix_nano, until_unix_nano, records, impact.operation_records, cluster.sessions
    )


def of_counts(last: int, until: int, records: int, ran: int, failing_sessions: int) -> QuietSince:
    """
    The statement from its counts. Pure.

    Args:
        last: the time of the last failure, as `until` in unix nanoseconds.
        records: that started after it.
        ran: in the whole window, of the operations.
    """
    before = max(failing_sessions, ran - records)
    return QuietSince(last, until, records, all_in_part(failing_sessions, before, before + records))
