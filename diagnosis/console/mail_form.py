"""The form in which a person chooses the mail they get about each tenant they are a member of."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from diagnosis.models import MailChoice
from tenants.audit import audit_log
from tenants.models import Tenant


class MailForm(forms.Form):
    """One choice for each tenant; the fields are named by the tenants' ids."""

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self.user = user
        self.is_on = bool(settings.LOOPKIT_EMAIL_URL)
        modes = {choice.tenant_id: choice.mode for choice in MailChoice.objects.filter(user=user)}
        for tenant in Tenant.objects.filter(members=user):
            self.fields[tenant.tenant_id] = forms.ChoiceField(
                label=tenant.name,
                choices=MailChoice.Mode.choices,
                initial=modes.get(tenant.tenant_id, MailChoice.Mode.OFF),
            )

    def save(self, request: HttpRequest) -> None:
        """Store the changed choices, and record each in the audit log."""
        for tenant_id in self.changed_data:
            before, after = self.fields[tenant_id].initial, self.cleaned_data[tenant_id]
            MailChoice.objects.update_or_create(user=self.user, tenant_id=tenant_id, defaults={"mode": after})
            audit_log.append_entry(
                audit_log.AuditEvent.CHANGED,
                f"mail:{self.user.get_username()}",
                audit_log.staff(request),
                timezone.now(),
                tenant_id,
                mode={"before": before, "after": after},
            )
