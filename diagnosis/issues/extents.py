"""
The extent of a cluster in a window: the counts that decide its rank, and the keys of its records.

The attributions made at ingest (telemetry/store/attributions.py) are read from one index, a cluster at a time, without
their records: a month of failures takes little longer than a day of them, and only the keys of its records stay in
memory. So are the failing visits of agents' runs. Clusters that rules find at diagnosis (search.py) come with their
records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from operator import itemgetter
from typing import Any, TypeVar

from diagnosis.detection.found_cluster import Cluster, SampleSize
from diagnosis.issues.evidence_choice import EvidenceCandidate, evenly_sampled
from diagnosis.issues.ratings.rated_traces import NOT_RATED, RatedTraces, read_rated
from diagnosis.statistics.rates import Counts
from diagnosis.window import failing_records
from diagnosis.window.deployments import Deployment
from diagnosis.window.failing_records import Identity
from diagnosis.window.traffic import ServiceOperation
from telemetry.reads import cluster_failures
from telemetry.reads.visits import failing_visits, visit_numbers
from telemetry.reads.visits.failing_visits import FailedVisit
from telemetry.reads.visits.visit_numbers import Called
from telemetry.spans.failing_record import FailingRecord
from telemetry.store.sql import fetch
from telemetry.windows import Window

KEY = 24  # bytes of a trace id and a span id
ATTRIBUTED = """
    SELECT start_time_unix_nano, trace_id, span_id, is_downstream, service, operation, severity,
           message_key, session_key, user_key, release, model, trace_tokens, environment
    FROM telemetry_attribution WHERE fingerprint = %s AND start_time_unix_nano >= %s AND start_time_unix_nano < %s
    ORDER BY start_time_unix_nano, trace_id, span_id
"""
(
    START,
    TRACE,
    SPAN,
    IS_DOWNSTREAM,
    SERVICE,
    OPERATION,
    SEVERITY,
    MESSAGE,
    SESSION,
    USER,
    RELEASE,
    MODEL,
    TOKENS,
    ENVIRONMENT,
) = range(14)
facts_of = itemgetter(TRACE, MESSAGE, SESSION, USER, RELEASE, MODEL)
Pair = TypeVar("Pair", ServiceOperation, Deployment)
AttributionRow = tuple[Any, ...]  # the values of ATTRIBUTED


@dataclass(frozen=True, slots=True)
class Extent:
    """The counts, places and record keys of one kind of failure in a window."""

    fingerprint: int
    keys: bytes  # of its records in order of time, KEY bytes each
    traces: int
    sessions: int
    users: int
    tokens: int  # of its whole traces
    severities: frozenset[str]  # of its records and their downstream failures
    failures_in: Mapping[
        ServiceOperation, int
    ]  # its records by the operation in which they failed, sorted by name
    failures_by_deployment: Mapping[Deployment, int]
    first_unix_nano: int
    last_unix_nano: int
    downstream: int  # downstream failures
    downstream_operations: list[str]  # of the downstream failures, sorted by name
    sample: list[AttributionRow]  # of its records, evenly over time, with the first and the last
    signal_type: str = ""  # of the rule that found it; "" for failures from ingest
    looked_at: int | None = (
        None  # the traces or records that a rule looked at; None: all records of the operations
    )
    trace_sample: SampleSize | None = None  # of the window's traces, that a rule read; None if it read all
    failures_before: Mapping[ServiceOperation, int] = field(
        default_factory=dict
    )  # in the window before, by place
    before: Counts | None = None  # counts of the window before, where the store does not have them
    in_production: Extent | None = None  # its part in the environments that an operator named, if it has one
    found: FailingRecord | None = (
        None  # the first record, as the rule describes it; None for failures from ingest
    )
    rated: RatedTraces = NOT_RATED  # what the user signals among its records are about
    first_of_all: int | None = (
        None  # the start of the first failure of all time, where a rule over runs found it
    )

    @property
    def records(self) -> int:
        """The number of records that failed this way."""
        return len(self.keys) // KEY

    @property
    def places(self) -> list[ServiceOperation]:
        """The operations in which it failed, sorted by name."""
        return list(self.failures_in)

    @property
    def trace_ids(self) -> list[bytes]:
        """The traces with this failure, or rated by its user signals, ordered by its first record in each."""
        return list(dict.fromkeys(self.rated.of(key[:16] for key in self.spread(self.records))))

    @property
    def different_messages(self) -> tuple[int, bool]:
        """How many different messages its sampled records have, and whether others may have further ones."""
        return len({row[MESSAGE] for row in self.sample}), len(self.sample) < self.records

    def candidates(self) -> list[EvidenceCandidate]:
        """The sample as candidates for the evidence."""
        return [EvidenceCandidate(row[TRACE] + row[SPAN], facts_of(row)) for row in self.sample]

    def first_traces(self, most: int) -> list[bytes]:
        """At most so many of `trace_ids`, the first, without reading the other keys."""
        traces: dict[bytes, None] = {}
        own = (self.keys[start : start + 16] for start in range(0, len(self.keys), KEY))
        for trace_id in self.rated.of(own):
            traces[trace_id] = None
            if len(traces) == most:
                break
        return list(traces)

    def spread(self, most: int) -> list[bytes]:
        """The keys of at most so many of its records, evenly over time, the first among them."""
        step = KEY * -(-self.records // most)
        return [self.keys[start : start + KEY] for start in range(0, len(self.keys), step)]


def read_extents(
    window: Window, fingerprints: Iterable[int], production: Collection[str] = ()
) -> Iterator[Extent]:
    """
    The extent of each of these clusters that has primary failures in the bound project's window.

    Args:
        production: the environments that are production; empty if none was named.
    """
    wanted = list(fingerprints)
    before = cluster_failures.numbers_by_operation(window.before, wanted)
    for fingerprint in wanted:
        rows = fetch(ATTRIBUTED, [fingerprint, window.start_unix_nano, window.end_unix_nano])
        if any(not row[IS_DOWNSTREAM] for row in rows):
            found = extent(fingerprint, rows, read_rated([(row[TRACE], row[START]) for row in rows]))
            yield replace(
                found,
                failures_before={
                    ServiceOperation(*place): number for place, number in before.get(fingerprint, {}).items()
                },
                in_production=extent_in(fingerprint, rows, production),
            )


def extent_in(
    fingerprint: int, rows: Sequence[AttributionRow], environments: Collection[str]
) -> Extent | None:
    """The extent of the cluster in these environments; None if it has no primary failure there."""
    own = [row for row in rows if row[ENVIRONMENT] in environments]
    if all(row[IS_DOWNSTREAM] for row in own):
        return None
    return extent(fingerprint, own, read_rated([(row[TRACE], row[START]) for row in own]))


def extent(fingerprint: int, rows: Sequence[AttributionRow], rated: RatedTraces = NOT_RATED) -> Extent:
    """The extent of a cluster, from its primary and downstream failures in order of time. Pure."""
    downstream = [row for row in rows if row[IS_DOWNSTREAM]]
    records = [row for row in rows if not row[IS_DOWNSTREAM]] if downstream else rows
    # By column: far fewer steps of the interpreter than by row.
    columns = list(zip(*records, strict=True))
    return Extent(
        fingerprint=fingerprint,
        keys=b"".join(chain.from_iterable(zip(columns[TRACE], columns[SPAN], strict=True))),
        traces=len(set(rated.of(columns[TRACE]))),
        sessions=len(set(columns[SESSION])),
        users=len(set(columns[USER]) - {0}),
        tokens=sum(dict(zip(columns[TRACE], columns[TOKENS], strict=True)).values()) + rated.tokens,
        severities=frozenset(columns[SEVERITY]).union(row[SEVERITY] for row in downstream),
        failures_in=counted_by(ServiceOperation, columns[SERVICE], columns[OPERATION]),
        failures_by_deployment=counted_by(Deployment, columns[ENVIRONMENT], columns[RELEASE]),
        first_unix_nano=columns[START][0],
        last_unix_nano=columns[START][-1],
        downstream=len(downstream),
        downstream_operations=sorted({row[OPERATION] for row in downstream}),
        sample=evenly_sampled(records),
        rated=rated,
    )


def counted_by(kind: Callable[[str, str], Pair], *columns: Sequence[str]) -> dict[Pair, int]:
    """The number of rows with each pair of values in these two columns, sorted by them."""
    return {kind(*values): number for values, number in sorted(Counter(zip(*columns, strict=True)).items())}


def extent_of_cluster(cluster: Cluster, identities: Mapping[bytes, Identity]) -> Extent:
    """The extent of a cluster that a rule found. Pure."""
    rows = [attribution_row(record, False, identities) for record in cluster.records]
    downstream = {record.key: attribution_row(record, True, identities) for record in cluster.downstream}
    example = cluster.records[0]
    base = extent(cluster.fingerprint, [*rows, *downstream.values()])
    return replace(
        base,
        signal_type=example.signal_type,
        looked_at=cluster.looked_at,
        trace_sample=cluster.sample,
        before=cluster.before,
        found=example,
    )


def attribution_row(
    record: FailingRecord, is_downstream: bool, identities: Mapping[bytes, Identity]
) -> AttributionRow:
    """A record as a row of ATTRIBUTED, with texts in place of the hashes: rows are only compared with each other."""
    identity = identities.get(record.trace_id, Identity("", ""))
    return (
        record.start_time_unix_nano,
        record.trace_id,
        record.span_id,
        is_downstream,
        record.service,
        record.operation,
        record.severity,
        record.message,
        identity.session_id,
        identity.user_id or 0,
        record.release,
        record.model,
        identity.tokens,
        record.environment,
    )


def read_run_extents(window: Window) -> Iterator[Extent]:
    """The extent of each cluster of failing visits in the bound project's window, by fingerprint."""
    for fingerprint in failing_visits.failing_clusters(window):
        failed = failing_visits.failed_visits(window, fingerprint)
        example = failed[0]
        called = Called(example.service, (example.operation,))
        before = Counts(
            len(failing_visits.failed_visits(window.before, fingerprint)),
            visit_numbers.number_of_visits(window.before, called),
        )
        yield replace(
            extent(fingerprint, [visit_row(visit) for visit in failed]),
            signal_type=example.signal_type,
            looked_at=visit_numbers.number_of_visits(window, called),
            before=before,
            found=example_record(example, fingerprint),
            first_of_all=failing_visits.first_start(fingerprint),
        )


def visit_row(visit: FailedVisit) -> AttributionRow:
    """A visit as a row of an attribution, with texts in place of the hashes: rows are only compared with each other."""
    return (
        visit.start_time_unix_nano,
        visit.trace_id,
        visit.span_id,
        False,
        visit.service,
        visit.operation,
        visit.severity,
        visit.message,
        visit.session,
        visit.user_id or 0,
        visit.release,
        visit.model,
        visit.tokens or 0,
        visit.environment,
    )


def example_record(visit: FailedVisit, fingerprint: int) -> FailingRecord | None:
    """The call that shows the failure, as the rule describes it; None if its record is not stored any more."""
    key = visit.trace_id + visit.span_id
    record = failing_records.load_failing_records([key]).get(key)
    return record and record._replace(
        signal_type=visit.signal_type,
        severity=visit.severity,
        message=visit.message,
        fingerprint=fingerprint,
    )
