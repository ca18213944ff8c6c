"""
How far a kind of failure reaches in a window: the counts that decide its rank, and where its records are.

What was charged at ingest (telemetry/store/charges.py) is read from one index, a cluster at a time, and no record
with it: a month of failures takes little longer than a day of them, and no memory. What rules found by themselves
(search.py) comes with its records.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import Any

from diagnosis.detection.found_cluster import Cluster
from diagnosis.issues.evidence_choice import Candidate, sampled
from diagnosis.statistics.rates import Counts
from diagnosis.window.failing_records import Failing, Identity
from diagnosis.window.traffic import ServiceOperation
from telemetry.store.sql import fetch
from telemetry.windows import Window

KEY = 24  # bytes of a trace id and a span id
CHARGED = """
    SELECT start_time_unix_nano, trace_id, span_id, is_echo, service, operation, severity,
           message_key, session_key, user_key, release, model, trace_tokens
    FROM telemetry_charge WHERE fingerprint = %s AND start_time_unix_nano >= %s AND start_time_unix_nano < %s
    ORDER BY start_time_unix_nano, trace_id, span_id
"""
START, TRACE, SPAN, IS_ECHO, SERVICE, OPERATION, SEVERITY, MESSAGE, SESSION, USER, RELEASE, MODEL, TOKENS = (
    range(13)
)
facts_of = itemgetter(TRACE, MESSAGE, SESSION, USER, RELEASE, MODEL)
ChargeRow = tuple[Any, ...]  # the values of CHARGED


@dataclass(frozen=True, slots=True)
class Extent:
    """One kind of failure in a window."""

    fingerprint: int
    keys: bytes  # of its records by time, each KEY long
    traces: int
    sessions: int
    users: int
    tokens: int  # of its traces, whole
    severities: frozenset[str]  # of its records and their echoes
    places: list[ServiceOperation]  # that failed this way, by name
    first_unix_nano: int
    last_unix_nano: int
    echoes: int
    echo_operations: list[str]  # by name
    sample: list[ChargeRow]  # evenly over time, the first and the last among them
    signal_type: str = ""  # of what a rule found
    looked_at: int | None = None  # among which these were found, where not all were looked at
    before: Counts | None = None  # the same of the window before, where no rollup knows
    found: Failing | None = None  # the first record, as a rule describes it

    @property
    def records(self) -> int:
        """How many failed this way."""
        return len(self.keys) // KEY

    @property
    def trace_ids(self) -> list[bytes]:
        """The traces that failed this way, by first failure."""
        return list(dict.fromkeys(key[:16] for key in self.spread(self.records)))

    def candidates(self) -> list[Candidate]:
        """What evidence is chosen from."""
        return [Candidate(row[TRACE] + row[SPAN], facts_of(row)) for row in self.sample]

    def first_traces(self, most: int) -> list[bytes]:
        """The first of them, without a look at the rest."""
        found: dict[bytes, None] = {}
        for at in range(0, len(self.keys), KEY):
            found[self.keys[at : at + 16]] = None
            if len(found) == most:
                break
        return list(found)

    def spread(self, most: int) -> list[bytes]:
        """The keys of at most so many of its records, evenly over time, the first among them."""
        step = KEY * -(-self.records // most)
        return [self.keys[at : at + KEY] for at in range(0, len(self.keys), step)]


def read(window: Window, fingerprints: Iterable[int]) -> Iterator[Extent]:
    """The extent of each of these clusters that is charged in the bound project's window."""
    for fingerprint in fingerprints:
        rows = fetch(CHARGED, [fingerprint, window.start_unix_nano, window.end_unix_nano])
        if any(not row[IS_ECHO] for row in rows):
            yield extent(fingerprint, rows)


def extent(fingerprint: int, rows: Sequence[ChargeRow]) -> Extent:
    """The extent of a cluster by its charges and echoes, which are by time. Pure."""
    echoes = [row for row in rows if row[IS_ECHO]]
    records = [row for row in rows if not row[IS_ECHO]] if echoes else rows
    columns = list(zip(*records, strict=True))  # the values of all rows, column by column: far fewer steps
    return Extent(
        fingerprint=fingerprint,
        keys=b"".join(chain.from_iterable(zip(columns[TRACE], columns[SPAN], strict=True))),
        traces=len(set(columns[TRACE])),
        sessions=len(set(columns[SESSION])),
        users=len(set(columns[USER]) - {0}),
        tokens=sum(dict(zip(columns[TRACE], columns[TOKENS], strict=True)).values()),
        severities=frozenset(columns[SEVERITY]).union(row[SEVERITY] for row in echoes),
        places=[
            ServiceOperation(*place)
            for place in sorted(set(zip(columns[SERVICE], columns[OPERATION], strict=True)))
        ],
        first_unix_nano=columns[START][0],
        last_unix_nano=columns[START][-1],
        echoes=len(echoes),
        echo_operations=sorted({row[OPERATION] for row in echoes}),
        sample=sampled(records),
    )


def of_found(cluster: Cluster, identities: Mapping[bytes, Identity]) -> Extent:
    """The extent of what a rule found. Pure."""
    rows = [row(record, False, identities) for record in cluster.records]
    echoes = {(echo.trace_id, echo.span_id): row(echo, True, identities) for echo in cluster.echoes}
    example = cluster.records[0]
    told = extent(cluster.fingerprint, [*rows, *echoes.values()])
    return replace(
        told,
        signal_type=example.signal_type,
        looked_at=cluster.looked_at,
        before=cluster.before,
        found=example,
    )


def row(record: Failing, is_echo: bool, identities: Mapping[bytes, Identity]) -> ChargeRow:
    """A record as a charge has it."""
    identity = identities.get(record.trace_id, Identity("", ""))
    return (
        record.start_time_unix_nano,
        record.trace_id,
        record.span_id,
        is_echo,
        record.service,
        record.operation,
        record.severity,
        record.message,
        identity.session_id,
        identity.user_id or 0,
        record.release,
        record.model,
        identity.tokens,
    )
