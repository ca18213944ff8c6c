"""
A test that would catch the failure: real inputs from the evidence, the expectation stated by rule.

One candidate a cluster, made when the cluster is first diagnosed; its id names it for good.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from diagnosis.failures import Failing
from diagnosis.models import EvalCandidate
from telemetry.fingerprint import cluster_id
from tenants.models import Project

EXPECTATIONS = {
    "tool_call_failed": "The tool call returns a result without an error.",
    "llm_call_failed": "The model call returns an answer without an error.",
    "output_truncated": "The answer ends by itself: finish_reason is not length.",
    "user_signal": "The answer is one that the user does not rate down.",
}
DEFAULT_EXPECTATION = "The operation ends without an error."
NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")  # behind an even run of backslashes, which are text themselves


def eval_id(example: Failing, taken: set[str]) -> str:
    """`lookup-order-ordernotfound-v1`; with the cluster's first digits where another cluster has that name."""
    words = f"{example.operation} {example.error_type or example.signal_type}".lower()
    slug = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:80].strip("-") or "failure"
    name = f"{slug}-v1"
    return f"{slug}-{cluster_id(example.fingerprint)[4:10]}-v1" if name in taken else name


def candidate(
    project: Project, example: Failing, title: str, evidence: list[dict[str, Any]], now: datetime
) -> EvalCandidate:
    """The cluster's candidate: the one there is, or one made from this evidence (records as they are shown)."""
    cluster = cluster_id(example.fingerprint)
    known = EvalCandidate.objects.filter(project=project, cluster_id=cluster).first()
    if known:
        return known
    taken = set(EvalCandidate.objects.filter(project=project).values_list("eval_id", flat=True))
    name = eval_id(example, taken)
    return EvalCandidate.objects.create(
        project=project,
        eval_id=name,
        cluster_id=cluster,
        document=without_nul(document(name, cluster, example, title, evidence)),
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
        "expectation": EXPECTATIONS.get(example.signal_type, DEFAULT_EXPECTATION),
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
    cleaned: dict[str, Any] = json.loads(NUL.sub(r"\1", json.dumps(document)))
    return cleaned
