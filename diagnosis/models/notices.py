"""
What tells people of loops: notices, who read and who gets them, the keys of feeds, trackers, and who makes rounds.

A notice is written in the transaction of the change that it tells of, and never changed.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from tenants.models import Project, Tenant

LOOP = "diagnosis.Loop"  # named, because its module imports this one


class Notice(models.Model):
    """One change of a loop, told once; the title, severity and state are those of that moment."""

    class Kind(models.TextChoices):
        NEW = "new", "new"
        RISING = "rising", "rising"
        REGRESSED = "regressed", "regressed"
        DECIDED = "decided", "decided"
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


class MailChoice(models.Model):
    """Which mail a member of a tenant wants; no row is none."""

    class Mode(models.TextChoices):
        OFF = "off", "none"
        EACH = "each", "within minutes"
        DAILY = "daily", "once a day"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_choices")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="mail_choices")
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.OFF)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "tenant"], name="one_choice_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.tenant_id}: {self.mode}"


class Mail(models.Model):
    """The outbox: a notice on its way to one person. Gone with the notice."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    due_at = models.DateTimeField(null=True, help_text="Empty: sent, or given up.")
    claim = models.CharField(max_length=32, blank=True, help_text="Who is sending it.")
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["user", "notice"], name="one_mail_per_notice")]
        indexes = [models.Index(fields=["due_at"], name="mail_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.notice_id} to {self.user_id}"


class FeedKey(models.Model):
    """What a feed reader signs in with: it reads one tenant's notices and nothing else. Only its SHA-256 is kept."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="feed_keys")
    label = models.CharField(max_length=80, help_text="Who reads with it, such as team-chat.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False, help_text="To within ten minutes.")
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "pk"]
        default_permissions = ["add", "change", "view"]

    def __str__(self) -> str:
        return f"{self.label} (…{self.last_four})"


class Tracker(models.Model):
    """Where a project's people open issues. LoopKit makes links to its form, and never calls it."""

    class Kind(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        JIRA = "jira", "Jira"
        LINEAR = "linear", "Linear"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="trackers")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.CharField(
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

    class Meta:
        ordering = ["project", "kind"]
        constraints = [models.UniqueConstraint(fields=["project", "kind"], name="one_tracker_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.project_id}"

    @property
    def tenant_id(self) -> str:
        """Whose it is, as the audit log asks."""
        return self.project.tenant_id


class Lease(models.Model):
    """Who makes the rounds: one process at a time, of all that share this database."""

    name = models.CharField(primary_key=True, max_length=40)
    holder = models.CharField(max_length=32, blank=True)
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder or 'nobody'}"
