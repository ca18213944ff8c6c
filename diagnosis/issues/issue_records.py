"""The records that describe the issues of a window, read once for all of them: evidence, inputs, hints, contrasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from diagnosis.issues import model_calls, quiet_since
from diagnosis.issues.contrast.failing_inputs import Inputs, failing_inputs, inputs_of
from diagnosis.issues.contrast.healthy_record import healthy_record_ids
from diagnosis.issues.evidence_choice import EvidenceCandidate, choose
from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.cluster_hints import find_hints
from diagnosis.issues.hints.hint import Hint
from diagnosis.issues.hints.hint_reading import HintReading
from diagnosis.issues.model_calls import ModelCallsAround
from diagnosis.window import failing_records
from diagnosis.window.traffic import ServiceOperation
from telemetry.reads import cluster_failures, record_pages
from telemetry.reads.record_json import WholeRecord, read_whole
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.record_ids import TRACE_BYTES
from telemetry.windows import Window

# Failures whose inputs are read, of which the evidence is chosen: of all clusters together, and of each at least.
LOOKED_AT, FEWEST_LOOKED_AT = 100, 6


@dataclass(frozen=True, slots=True)
class EvidenceRecords:
    """The evidence of clusters, and the failures among which it was chosen, with their inputs."""

    looked_at: dict[int, list[bytes]]  # keys of records that are stored, by fingerprint
    evidence: dict[int, list[bytes]]  # keys of some of these
    records: dict[bytes, FailingRecord]  # by key
    whole: dict[bytes, WholeRecord]  # the same, complete
    inputs: Inputs

    @classmethod
    def read(cls, clusters: Sequence[Extent]) -> EvidenceRecords:
        """Choose the evidence of these clusters, and read their records together."""
        each = max(FEWEST_LOOKED_AT, LOOKED_AT // max(len(clusters), 1))
        chosen = {cluster.fingerprint: choose(cluster.candidates(), each) for cluster in clusters}
        keys = [candidate.key for candidates in chosen.values() for candidate in candidates]
        rows = record_pages.find_rows((key[:TRACE_BYTES], key[TRACE_BYTES:]) for key in keys)
        records = {record.key: record for record in map(failing_records.failing_record, rows)}
        whole = dict(zip(records, read_whole(rows), strict=True))
        inputs = inputs_of(whole)
        looked_at, evidence = {}, {}
        for fingerprint, candidates in chosen.items():
            # Attributions can outlive their records.
            stored = [candidate for candidate in candidates if candidate.key in records]
            looked_at[fingerprint] = [candidate.key for candidate in stored]
            evidence[fingerprint] = [candidate.key for candidate in choose_by_input(stored, inputs)]
        return cls(looked_at, evidence, records, whole, inputs)

    def inputs_shown(self, fingerprint: int) -> dict[str, Any] | None:
        """The distinct inputs of the cluster's failures that were looked at, as the packet shows them."""
        return failing_inputs([self.records[key] for key in self.looked_at[fingerprint]], self.inputs)


def choose_by_input(candidates: Sequence[EvidenceCandidate], inputs: Inputs) -> Iterable[EvidenceCandidate]:
    """The evidence among these candidates, of which there may be none."""
    known = [candidate._replace(input=inputs.get(candidate.key, "")) for candidate in candidates]
    return choose(known) if known else []


@dataclass(frozen=True, slots=True)
class IssueRecords:
    """The evidence, hints and inputs of the clusters to describe, read once for all of them."""

    chosen: EvidenceRecords
    hints: dict[int, list[Hint]]  # by fingerprint
    healthy: dict[int, str | None]  # ids of the records to compare the first failures with, by fingerprint
    first_starts: dict[int, int]  # of the first failures of all time, by fingerprint
    model_calls: dict[str, ModelCallsAround]  # before and after the evidence, by record id
    since: dict[int, int]  # records that started after the last failure, by fingerprint
    window: Window

    @classmethod
    def read(
        cls, clusters: Sequence[Extent], window: Window, traffic: Counter[ServiceOperation]
    ) -> IssueRecords:
        """Choose the evidence of these clusters, and read it with what their failures share."""
        chosen = EvidenceRecords.read(clusters)
        evidence = {fingerprint: keys for fingerprint, keys in chosen.evidence.items() if keys}
        calls = model_calls.model_calls_around(
            chosen.records[key] for keys in evidence.values() for key in keys
        )
        reading = HintReading.read(window, clusters, traffic, (keys[0] for keys in evidence.values()))
        hints = find_hints(reading, clusters)
        first_keys = {fingerprint: keys[0] for fingerprint, keys in evidence.items()}
        healthy = healthy_record_ids(reading, clusters, first_keys)
        starts = cluster_failures.first_starts(
            cluster.fingerprint for cluster in clusters if not cluster.found
        )
        since = quiet_since.read_records_since(clusters, window.end_unix_nano)
        return cls(chosen, hints, healthy, starts, calls, since, window)

    def evidence_of(self, cluster: Extent) -> list[FailingRecord]:
        """The evidence of the cluster, by time."""
        return [self.chosen.records[key] for key in self.chosen.evidence[cluster.fingerprint]]

    def has_evidence_of(self, cluster: Extent) -> bool:
        """Whether a record of the cluster's evidence is stored, so that the cluster can be described."""
        return bool(self.chosen.evidence[cluster.fingerprint])
