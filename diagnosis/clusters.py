"""Failures that share a fingerprint, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnosis.attribution import Attributed
from diagnosis.failures import Failing
from diagnosis.rates import Counts


@dataclass(slots=True)
class Cluster:
    """All charged failures of one kind in the window, by time, and what they caused around them."""

    fingerprint: int
    records: list[Failing] = field(default_factory=list)
    echoes: list[Failing] = field(default_factory=list)
    looked_at: int | None = (
        None  # records or traces among which these were found, where not all were looked at
    )
    before: Counts | None = None  # the same of the window before, where no rollup knows

    @property
    def example(self) -> Failing:
        """The first record: the same for the same window, whatever the order of arrival."""
        return self.records[0]

    @property
    def places(self) -> list[tuple[str, str]]:
        """The services and operations that failed this way, by name."""
        return sorted({(record.service, record.operation) for record in self.records})

    @property
    def trace_ids(self) -> list[bytes]:
        """The traces that failed this way, by first failure."""
        return list(dict.fromkeys(record.trace_id for record in self.records))


def gather(failures: Iterable[Attributed]) -> list[Cluster]:
    """One cluster a fingerprint, by fingerprint."""
    clusters: dict[int, Cluster] = {}
    ordered = sorted(
        failures, key=lambda item: (item.cause.start_time_unix_nano, item.cause.trace_id, item.cause.span_id)
    )
    for item in ordered:
        cluster = clusters.setdefault(item.cause.fingerprint, Cluster(item.cause.fingerprint))
        cluster.records.append(item.cause)
        cluster.echoes += item.echoes
    for cluster in clusters.values():
        cluster.echoes = list({(echo.trace_id, echo.span_id): echo for echo in cluster.echoes}.values())
    return [clusters[fingerprint] for fingerprint in sorted(clusters)]
