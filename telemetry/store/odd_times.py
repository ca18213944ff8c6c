"""
Spans whose times are not those of their arrival: ahead of it, long before it, in another unit, or absent.

Such spans are stored as they were sent, and lie outside of the windows in which somebody would look for them. So they
are counted by reason, and noted by service and host with the offset of their clock: the newest MOST of a project.
https://opentelemetry.io/docs/specs/otel/trace/api/#timestamp

Called inside store.append's transaction with rows that were really inserted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import itemgetter

from telemetry.store.row import RecordRow
from telemetry.store.sql import execute, write_many

SECOND_NANO = 1_000_000_000
AHEAD_NANO = 60 * SECOND_NANO  # clocks that are kept by NTP differ by far less
BEHIND_NANO = 3600 * SECOND_NANO  # exporters send within seconds, and give up after minutes
YEARS_NANO = (
    3 * 365 * 86_400 * SECOND_NANO
)  # times in another unit are taken for such if they are as near as this
AHEAD, BEHIND, ABSENT = "time_ahead", "time_behind", "time_absent"
# The nanoseconds of the units that times are sent in by mistake.
UNITS = {"time_in_seconds": 10**9, "time_in_milliseconds": 10**6, "time_in_microseconds": 10**3}
REASONS = (AHEAD, BEHIND, ABSENT, *UNITS)
HOSTS = ("host.name", "k8s.pod.name", "service.instance.id", "host.id")  # attributes of a resource
MOST = 200
UPSERT = """
    INSERT INTO telemetry_oddclock AS kept
        (service, host, reason, count, offset_nano, first_unix_nano, last_unix_nano, arrived_unix_nano)
    VALUES {rows}
    ON CONFLICT (service, host, reason) DO UPDATE SET
        count = kept.count + excluded.count,
        offset_nano = excluded.offset_nano,
        first_unix_nano = CASE WHEN excluded.first_unix_nano < kept.first_unix_nano
            THEN excluded.first_unix_nano ELSE kept.first_unix_nano END,
        last_unix_nano = CASE WHEN excluded.last_unix_nano > kept.last_unix_nano
            THEN excluded.last_unix_nano ELSE kept.last_unix_nano END,
        arrived_unix_nano = excluded.arrived_unix_nano
"""
FORGET = f"""
    DELETE FROM telemetry_oddclock WHERE arrived_unix_nano < (
        SELECT arrived_unix_nano FROM telemetry_oddclock ORDER BY arrived_unix_nano DESC LIMIT 1 OFFSET {MOST - 1}
    )
"""  # noqa: S608  (a constant)
start_of = itemgetter(RecordRow._fields.index("start_time_unix_nano"))
Sender = tuple[str, str, str]  # service, host, reason


def note_odd_times(rows: Sequence[RecordRow], now_unix_nano: int) -> Counter[str]:
    """Note the senders of rows with such times; returns the number of these rows by reason."""
    earliest, latest = now_unix_nano - BEHIND_NANO, now_unix_nano + AHEAD_NANO
    starts = list(map(start_of, rows))
    if not starts or (min(starts) >= earliest and max(starts) <= latest):  # as mostly
        return Counter()
    odd = [row for row in rows if not earliest <= row.start_time_unix_nano <= latest]
    senders: dict[Sender, list[RecordRow]] = defaultdict(list)
    for row in odd:
        if reason := odd_time(row.start_time_unix_nano, end_of(row), now_unix_nano):
            senders[row.service, host_of(row), reason].append(row)
    notes = [sender_note(sender, members, now_unix_nano) for sender, members in senders.items()]
    if notes:
        write_many(UPSERT, notes[-MOST:])
        execute(FORGET, [])
    counts: Counter[str] = Counter()
    for (*_, reason), members in senders.items():
        counts[reason] += len(members)
    return counts


def odd_time(start: int, end: int, now: int) -> str:
    """The reason why a span with this start and end that arrives now is odd, or "". All in Unix nanoseconds."""
    if not start:
        return ABSENT
    for reason, unit in UNITS.items():
        if abs(start * unit - now) < YEARS_NANO:
            return reason
    if start > now + AHEAD_NANO:
        return AHEAD
    return BEHIND if end < now - BEHIND_NANO else ""


def end_of(row: RecordRow) -> int:
    """When the span ended."""
    return row.start_time_unix_nano + row.duration_nano


def host_of(row: RecordRow) -> str:
    """The host that the row's resource names, or ""."""
    return next((text for name in HOSTS if (text := row.origin.named(name))), "")


def sender_note(sender: Sender, rows: list[RecordRow], now: int) -> tuple[str | int, ...]:
    """The values of UPSERT. Spans arrive after their end: the offset of the clock is that of the last end at least."""
    starts = [row.start_time_unix_nano for row in rows]
    return (*sender, len(rows), max(map(end_of, rows)) - now, min(starts), max(starts), now)
