"""The issue trackers of a project."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tenants.models import ANY_NATURAL, Project, Ranges
from tenants.stored_text import RedactedCharField


class Tracker(models.Model):
    """An issue tracker of a project. LoopKit makes links to its new-issue form, and never calls it."""

    class Kind(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        JIRA = "jira", "Jira"
        LINEAR = "linear", "Linear"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="trackers")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = RedactedCharField(
        "URL",
        max_length=300,
        help_text="GitHub, GitLab: the repository. Jira: the site. "
        "Linear: https://linear.app/<workspace> or https://linear.app/team/<KEY>.",
    )
    jira_project = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Jira only: pid, a number."
    )
    jira_issue_type = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Jira only: issuetype, a number."
    )

    ranges: ClassVar[Ranges] = {"jira_project": ANY_NATURAL, "jira_issue_type": ANY_NATURAL}

    class Meta:
        ordering = ["project", "kind"]
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="one_tracker_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.project_id}"

    @property
    def tenant_id(self) -> str:
        """Whose it is, as the audit log asks."""
        return self.project.tenant_id
