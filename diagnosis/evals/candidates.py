"""
A test that would catch the failure: real inputs from the evidence, the expectation stated by rule.

One candidate a cluster, made when the cluster is first diagnosed; its id names it for good.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS
from diagnosis.models import EvalCandidate
from diagnosis.window.failing_records import Failing
from telemetry.grouping.fingerprint import cluster_id
from tenants.models import Project

EXPECTATIONS = {name: signal.EXPECTATION for name, signal in ALL_SIGNALS.items()}
ATTEMPTS = 100  # at a free name; two do unless fingerprints are switched to and fro
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # behind an even run of backslashes, which are text themselves


@dataclass(frozen=True, slots=True)
class Material:
    """What a candidate is made from: a cluster's first record, its title, its evidence as records are shown."""

    example: Failing
    title: str
    evidence: list[dict[str, Any]]

    @property
    def cluster_id(self) -> str:
        """The cluster that the candidate stands for."""
        return cluster_id(self.example.fingerprint)

    def name(self, attempt: int = 0) -> str:
        """`lookup-order-ordernotfound-v1`; from the second attempt on with the cluster in it, then numbered."""
        words = f"{self.example.operation} {self.example.error_type or self.example.signal_type}".lower()
        short = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:80].strip("-") or "failure"
        return f"{short}-{self.cluster_id.removeprefix('clu_')}-v{attempt}" if attempt else f"{short}-v1"


def candidates(project: Project, materials: list[Material], now: datetime) -> dict[str, EvalCandidate]:
    """Each cluster's candidate, by cluster id: the one there is, or one made now. A few queries for all of them."""
    known = of_clusters(project, materials)
    for attempt in range(ATTEMPTS):  # a name may be another cluster's, a full one that of an eval that moved
        missing = [material for material in materials if material.cluster_id not in known]
        if not missing:
            break
        fresh = [made(project, material, material.name(attempt), now) for material in missing]
        EvalCandidate.objects.bulk_create(fresh, ignore_conflicts=True)
        known = of_clusters(project, materials)
    return known


def of_clusters(project: Project, materials: list[Material]) -> dict[str, EvalCandidate]:
    """The stored candidates of these clusters."""
    clusters = [material.cluster_id for material in materials]
    found = EvalCandidate.objects.filter(project=project, cluster_id__in=clusters).defer("document")
    return {candidate.cluster_id: candidate for candidate in found}


def made(project: Project, material: Material, name: str, now: datetime) -> EvalCandidate:
    """A candidate of that name, not yet stored."""
    written = document(name, material.cluster_id, material.example, material.title, material.evidence)
    return EvalCandidate(
        project=project,
        eval_id=name,
        cluster_id=material.cluster_id,
        document=without_nul(written),
        created_at=now,
    )


def document(
    name: str, cluster: str, example: Failing, title: str, evidence: list[dict[str, Any]]
) -> dict[str, Any]:
    """The candidate as JSON."""
    return {
        "eval_id": name,
        "cluster_id": cluster,
        "title": title,
        "operation": example.operation,
        "unit": example.unit or None,
        "signal_type": example.signal_type,
        "expectation": EXPECTATIONS[example.signal_type],
        "cases": [case(record) for record in evidence],
    }


def case(record: dict[str, Any]) -> dict[str, Any]:
    """One failing call with what went in, what came out and how it failed."""
    capture = record["capture"] or {}
    return {
        "record_id": record["record_id"],
        "input": capture.get("input"),
        "output": capture.get("output"),
        "expected": capture.get("expected"),
        "replayable": bool(capture.get("replayable")),
        "tool": record["tool"],
        "model": record["model"],
        "failure": record["message"],
    }


def without_nul(document: dict[str, Any]) -> dict[str, Any]:
    """The document with no NUL in names and values: the record shows it, but PostgreSQL's JSON refuses it."""
    text = json.dumps(document)
    if "\\u0000" not in text:
        return document
    cleaned: dict[str, Any] = json.loads(NUL.sub(r"\1", text))
    return cleaned
