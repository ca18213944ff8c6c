"""Which records stand for a cluster: the first, the latest, and those that differ most from the ones chosen."""

from __future__ import annotations

from diagnosis.failures import Failing, Identity

MOST = 5
SAMPLE = 200  # candidates looked at, evenly over time, so that a huge cluster costs no more


def choose(records: list[Failing], identities: dict[bytes, Identity]) -> list[Failing]:
    """At most MOST records, by time. `records` is by time and not empty."""
    chosen = [records[0]]
    if len(records) > 1:
        chosen.append(records[-1])
    seen = {fact for record in chosen for fact in facts(record, identities)}
    rest = [
        (record, facts(record, identities)) for record in records[1:-1][:: max(1, len(records) // SAMPLE)]
    ]
    while rest and len(chosen) < MOST:
        best = max(rest, key=lambda pair: len(pair[1] - seen))  # the earliest of equals
        rest.remove(best)
        chosen.append(best[0])
        seen |= best[1]
    return sorted(chosen, key=lambda record: (record.start_time_unix_nano, record.trace_id, record.span_id))


def facts(record: Failing, identities: dict[bytes, Identity]) -> frozenset[tuple[str, str]]:
    """What makes two records of one cluster different to a reader."""
    identity = identities.get(record.trace_id, Identity("", ""))
    return frozenset(
        {
            ("trace", record.trace_id.hex()),
            ("message", record.message),
            ("session", identity.session_id),
            ("user", identity.user_id),
            ("release", record.release),
            ("model", record.model),
        }
    )
