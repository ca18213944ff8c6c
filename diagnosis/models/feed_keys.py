"""The keys that feed readers sign in with."""

from __future__ import annotations

from django.db import models

from tenants.models import Tenant
from tenants.stored_text import RedactedCharField


class FeedKey(models.Model):
    """A key that reads one tenant's notices and nothing else. Only its SHA-256 is stored."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="feed_keys")
    label = RedactedCharField(max_length=80, help_text="Who reads with it, such as team-chat.")
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
