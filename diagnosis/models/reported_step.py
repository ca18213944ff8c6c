"""What the agent reported last of a fix that is on its way to `shipped`."""

from __future__ import annotations

from django.db import models


class ReportedStep(models.TextChoices):
    """The reports that change no state of a loop, in their order."""

    ISSUE_OPENED = "issue_opened", "issue_opened"
    PR_OPENED = "pr_opened", "pr_opened"
    MERGED = "merged", "merged"
