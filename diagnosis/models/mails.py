"""The members' choices of mail, and the outbox."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from diagnosis.models.notices import Notice
from tenants.models import Tenant


class MailChoice(models.Model):
    """The mail that a member of a tenant wants; none without a row."""

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
    """A notice in the outbox, on its way to one person. Deleted with the notice."""

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
