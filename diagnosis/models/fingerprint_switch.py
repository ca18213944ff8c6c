"""A project's way from one version of fingerprints to another: how far it is, so that a crash costs nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from tenants.models import Project


class FingerprintSwitch(models.Model):
    """One switch. While it is under way, nothing that reads clusters is answered (switch_lock.py)."""

    class Phase(models.TextChoices):
        WAITING = "waiting", "waiting for requests that know the old version"
        MAPPING = "mapping", "finding out where each cluster goes"
        REWRITING = "rewriting", "rewriting stored records"
        CARRYING = "carrying", "carrying loops over"
        DONE = "done", "done"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="fingerprint_switches")
    from_version = models.PositiveSmallIntegerField()
    to_version = models.PositiveSmallIntegerField()
    actor = models.CharField(max_length=200, help_text="As the audit log calls who began it.")
    phase = models.CharField(max_length=20, choices=Phase.choices, default=Phase.WAITING)
    position = models.CharField(
        max_length=80, blank=True, help_text="The last record that the phase is done with."
    )
    moves = models.JSONField(default=dict, help_text="Records by their cluster before and after.")
    mapped = models.PositiveBigIntegerField(default=0, help_text="Records that were looked at.")
    rewritten = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    json_forms: ClassVar[dict[str, Any]] = {"moves": dict}

    class Meta:
        ordering = ["-started_at", "-pk"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(finished_at=None), name="one_switch_under_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.from_version} to {self.to_version}, {self.phase}"
