"""
The notices of a loop's changes, and who has read them.

A notice is written in the transaction of the change that it reports, and never changed.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from tenants.models import Project

LOOP = "diagnosis.Loop"  # by name: its module imports this one


class Notice(models.Model):
    """One change of a loop, reported once, with the title, severity and state of that moment."""

    class Kind(models.TextChoices):
        NEW = "new", "new"
        RISING = "rising", "rising"
        REGRESSED = "regressed", "regressed"
        DECIDED = "decided", "decided"
        ASKED = "asked", "asked again"
        VERIFIED = "verified", "verified"

    notice_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="notices")
    loop = models.ForeignKey(LOOP, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    once = models.CharField(max_length=80, help_text="What it tells of; a loop has one notice of each.")
    title = models.CharField(max_length=300)
    severity = models.CharField(max_length=10)
    state = models.CharField(max_length=20)
    text = models.CharField(max_length=300, help_text="What happened, in a sentence of LoopKit's own.")
    created_at = models.DateTimeField("at (UTC)", db_index=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ["view"]
        constraints = [models.UniqueConstraint(fields=["loop", "once"], name="one_notice_of_each")]
        indexes = [models.Index(fields=["project", "-id"], name="notice_newest")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.title}"


class NoticeRead(models.Model):
    """That a person has read a notice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="reads")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "notice"], name="read_once")]

    def __str__(self) -> str:
        return f"{self.user_id} read {self.notice_id}"
