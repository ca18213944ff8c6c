"""The leases that let one process at a time do a periodic job."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """The right of one process, of all that share this database, to do a periodic job."""

    name = models.CharField(primary_key=True, max_length=40)
    holder = models.CharField(max_length=120, blank=True)
    beats = models.PositiveBigIntegerField(default=0, help_text="How many times it was taken or renewed.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder or 'nobody'}"
