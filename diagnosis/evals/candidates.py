"""
Eval candidates: tests that would catch a failure, with real inputs from its evidence and its signal's expectation.

Each cluster has one candidate, created when the cluster is first diagnosed; its id never changes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.evals import case_inputs
from diagnosis.evals.case_inputs import CaseInput
from diagnosis.models import EvalCandidate
from diagnosis.models.document_field import DocumentEncoder
from telemetry.grouping.fingerprint import cluster_id
from telemetry.reads.record_json import FAILURE
from telemetry.spans.failing_record import FailingRecord
from tenants.models import Project

EXPECTATIONS = {name: signal.EXPECTATION for name, signal in ALL_SIGNALS.items()}
ATTEMPTS = 100  # to find a free name; two suffice unless fingerprints are switched back and forth
# An escaped NUL in JSON: after an even number of backslashes, which are escaped backslashes themselves.
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class EvalMaterial:
    """The material of a candidate: its cluster's first record and title, and the evidence as the API shows records."""

    example: FailingRecord
    title: str
    evidence: list[dict[str, Any]]
    inputs: list[CaseInput | None]  # of each record of the evidence

    @property
    def cluster_id(self) -> str:
        """The cluster that the candidate stands for."""
        return cluster_id(self.example.fingerprint)

    def name(self, attempt: int = 0) -> str:
        """`lookup-order-ordernotfound-v1`; after attempt 0 with the cluster's id, and the attempt as the version."""
        words = f"{self.example.operation} {self.example.error_type or self.example.signal_type}".lower()
        short = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:80].strip("-") or "failure"
        return f"{short}-{self.cluster_id.removeprefix('clu_')}-v{attempt}" if attempt else f"{short}-v1"


def plain_id(cluster_id: str) -> str:
    """`eval_776cc69c21b84c4f`, the id of a cluster's eval that is made of no text from telemetry, beside its name."""
    return f"eval_{cluster_id.removeprefix('clu_')}"


def stored_candidate(project: Project, eval_id: str) -> EvalCandidate | None:
    """The project's candidate with this name, or with this `plain_id`, which no name can be: it has no underscore."""
    prefix, _, cluster = eval_id.partition("eval_")
    named = {"eval_id": eval_id} if prefix or not cluster else {"cluster_id": f"clu_{cluster}"}
    return EvalCandidate.objects.filter(project=project, **named).first()


def eval_candidates(
    project: Project, materials: list[EvalMaterial], now: datetime
) -> dict[str, EvalCandidate]:
    """The candidate of each cluster, by cluster id: the stored one, or one that is stored now. Takes a few queries."""
    stored = of_clusters(project, materials)
    # The short name may belong to another cluster's eval, and a name with the cluster's id to an eval that moved away.
    for attempt in range(ATTEMPTS):
        missing = [material for material in materials if material.cluster_id not in stored]
        if not missing:
            break
        new = [make_candidate(project, material, material.name(attempt), now) for material in missing]
        EvalCandidate.objects.bulk_create(new, ignore_conflicts=True)
        stored = of_clusters(project, materials)
    return stored


def of_clusters(project: Project, materials: list[EvalMaterial]) -> dict[str, EvalCandidate]:
    """The stored candidates of these clusters, by cluster id."""
    clusters = [material.cluster_id for material in materials]
    rows = EvalCandidate.objects.filter(project=project, cluster_id__in=clusters)
    return {candidate.cluster_id: candidate for candidate in rows.only("eval_id", "cluster_id")}


def make_candidate(project: Project, material: EvalMaterial, name: str, now: datetime) -> EvalCandidate:
    """A new candidate of that name, not stored."""
    content = eval_document(name, material)
    return EvalCandidate(
        project=project,
        eval_id=name,
        cluster_id=material.cluster_id,
        document=without_nul(content),
        created_at=now,
    )


def eval_document(name: str, material: EvalMaterial) -> dict[str, Any]:
    """The candidate as JSON."""
    example = material.example
    return {
        "eval_id": name,
        "cluster_id": material.cluster_id,
        "title": material.title,
        "operation": example.operation,
        "unit": example.unit or None,
        "signal_type": example.signal_type,
        "expectation": EXPECTATIONS[example.signal_type],
        "cases": cases(material),
    }


def cases(material: EvalMaterial) -> list[dict[str, Any]]:
    """A case for each input of the evidence; equal inputs are one, and a record without any is none."""
    by_input: dict[str, dict[str, Any]] = {}
    for record, given in zip(material.evidence, material.inputs, strict=True):
        if given is not None:
            key = json.dumps(given.value, sort_keys=True, default=str)
            by_input.setdefault(key, case(record, given, material.example.signal_type))
    return list(by_input.values())


def case(record: dict[str, Any], given: CaseInput, signal_type: str) -> dict[str, Any]:
    """One failing call, with its input, its output and its failure, and what a result must have to be checked."""
    capture = record["capture"] or {}
    return {
        "record_id": record["record_id"],
        "input": given.value,
        "input_from": given.source,
        "call_input": capture.get("input") if given.source == case_inputs.QUESTION else None,
        "output": capture.get("output"),
        "expected": capture.get("expected"),
        "result_form": ALL_SIGNALS[signal_type].RESULT_FORM,
        "replayable": given.is_prompt and bool(capture.get("replayable", True)),
        "tool": record["tool"],
        "model": record["model"],
        # What the rules over windows found is in no record; the message of a good record is not that of a failure.
        "failure": record["message"] if record["outcome"] == FAILURE else None,
    } | ({"cut": given.cut} if given.cut else {})


def without_nul(document: dict[str, Any]) -> dict[str, Any]:
    """The document without NUL characters in names and values, which PostgreSQL's JSON refuses."""
    text = DocumentEncoder().encode(document)
    if "\\u0000" not in text:
        return document
    cleaned: dict[str, Any] = json.loads(NUL.sub(r"\1", text))
    return cleaned
