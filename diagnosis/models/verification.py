"""The verifications of fixes: each comparison of the windows before and after one."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


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

    json_forms: ClassVar[dict[str, Any]] = {
        "document": {
            "verdict": str,
            "reason": str,
            "before": {"failures": int, "exposure": int, "window": dict},
            "after": {"failures": int, "exposure": int, "window": dict},
            "look": {"number": int, "information": (int, float)},
        }
    }

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.verdict} {self.loop_id}"
