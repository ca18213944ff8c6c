"""Evals, made from what failed, and how their runs ended."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from diagnosis.models.document_field import DocumentField
from tenants.models import Project
from tenants.stored_text import RedactedCharField, RedactedTextField

CLUSTER_ID = "clu_" + 16 * "[0-9a-f]"  # telemetry/grouping/fingerprint.py


class EvalCandidate(models.Model):
    """A test that would catch the failure, made from a cluster's evidence. Its id names it for good."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="evals")
    eval_id = models.CharField(max_length=120, help_text="Such as checkout-timeout-v1.")
    cluster_id = models.CharField(max_length=24)
    document = DocumentField(help_text="Cases and expectation.")
    created_at = models.DateTimeField()

    text_forms: ClassVar[dict[str, str]] = {"cluster_id": CLUSTER_ID}
    json_forms: ClassVar[dict[str, Any]] = {
        "document": {"eval_id": str, "title": str, "signal_type": str, "expectation": str, "cases": [dict]}
    }

    class Meta:
        ordering = ["-created_at", "eval_id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "eval_id"], name="one_eval_per_id"),
            models.UniqueConstraint(fields=["project", "cluster_id"], name="one_eval_per_cluster"),
        ]

    def __str__(self) -> str:
        return self.eval_id


class EvalResult(models.Model):
    """How a run of an eval ended, as the agent reported it."""

    candidate = models.ForeignKey(EvalCandidate, on_delete=models.CASCADE, related_name="results")
    passed = models.BooleanField()
    release = RedactedCharField(max_length=200, blank=True)
    detail = RedactedTextField(max_length=4000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.candidate_id} {'passed' if self.passed else 'failed'}"
