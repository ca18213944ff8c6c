"""The verifications of fixes: each comparison of the windows before and after one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from diagnosis.models.document_forms import VERIFICATION, JsonForms


class Verification(models.Model):
    """One comparison of the windows before and after a fix."""

    class Verdict(models.TextChoices):
        HELD = "held", "held"
        IMPROVED = "improved", "improved"
        UNCHANGED = "unchanged", "unchanged"
        REGRESSED = "regressed", "regressed"
        INCONCLUSIVE = "inconclusive", "inconclusive"
        NO_TRAFFIC = "no_traffic", "no traffic"

    # The loop by its name, because its module imports this one.
    loop = models.ForeignKey("diagnosis.Loop", on_delete=models.CASCADE, related_name="verifications")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    document = models.JSONField(help_text="Counts, rates, interval, windows, and what is still needed.")
    created_at = models.DateTimeField()

    json_forms: ClassVar[JsonForms] = {"document": VERIFICATION}

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.verdict} {self.loop_id}"
