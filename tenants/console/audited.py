"""
Admins whose every addition, change and deletion is an entry of the audit log, in the same transaction.

Django's own history of an object can be edited and says what changed, not from what to what.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#modeladmin-methods
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class AuditedAdmin(ModelAdmin):
    """Records what the form changed, before and after, once everything is saved."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The last step of saving; Django's admin has a transaction around it all."""
        super().save_related(request, form, formsets, change)
        if form.changed_data or not change:
            event = audit_log.AuditEvent.CHANGED if change else audit_log.AuditEvent.ADDED
            self.write_down(request, form.instance, event, **changes(form))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """One row, from its own page."""
        gone = copy(obj)  # deleting takes the key from the object
        super().delete_model(request, obj)
        self.write_down(request, gone, audit_log.AuditEvent.DELETED)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Rows selected in the list; an entry for each."""
        gone = list(queryset)
        super().delete_queryset(request, queryset)
        for row in gone:
            self.write_down(request, row, audit_log.AuditEvent.DELETED)

    def write_down(
        self, request: HttpRequest, row: Model, event: audit_log.AuditEvent, /, **detail: Any
    ) -> None:
        """One entry about the row, for the members of its tenant."""
        target, tenant_id = f"{self.opts.model_name}:{self.called(row)}", getattr(row, "tenant_id", "")
        audit_log.record(event, target, audit_log.staff(request), timezone.now(), tenant_id, **detail)

    def called(self, row: Model) -> str:
        """The row's name in the log."""
        return str(row.pk)


def changes(form: Any) -> dict[str, Any]:
    """Before and after of each changed field. That a password changed is said by the page for passwords."""
    return {
        name: {"before": plain(form.initial.get(name)), "after": plain(form.cleaned_data.get(name))}
        for name in form.changed_data
        if "password" not in name
    }


def plain(value: Any) -> Any:
    """The value as JSON has it: keys for rows, names for many of them."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, list | QuerySet):
        return sorted(str(row) for row in value)
    return value
