"""
Admins that record every addition, change and deletion in the audit log, in the same transaction.

Django's own history of an object is not enough: it can be edited, and it names changed fields without their values.
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#modeladmin-methods
"""

from __future__ import annotations

from copy import copy
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log
from tenants.console.refusing import RefusingAdmin


class AuditedAdmin(RefusingAdmin):
    """An admin that records each change, with the values before and after, once everything is saved."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """
        Save the related objects, then record the change. This is the last step of saving, and Django's admin runs all
        steps in one transaction.
        """
        super().save_related(request, form, formsets, change)
        if form.changed_data or not change:
            event = audit_log.AuditEvent.CHANGED if change else audit_log.AuditEvent.ADDED
            self.write_down(request, form.instance, event, **changes(form))

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete a row from its own page, and record the deletion."""
        deleted = copy(obj)  # deleting sets the primary key of `obj` to None
        super().delete_model(request, obj)
        self.write_down(request, deleted, audit_log.AuditEvent.DELETED)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the rows selected in the list, and record each deletion."""
        rows = list(queryset)
        super().delete_queryset(request, queryset)
        for row in rows:
            self.write_down(request, row, audit_log.AuditEvent.DELETED)

    def write_down(
        self, request: HttpRequest, row: Model, event: audit_log.AuditEvent, /, **detail: Any
    ) -> None:
        """Record an event about the row. Members of its tenant can see the entry."""
        target, tenant_id = f"{self.opts.model_name}:{self.called(row)}", getattr(row, "tenant_id", "")
        audit_log.append_entry(event, target, audit_log.staff(request), timezone.now(), tenant_id, **detail)

    def called(self, row: Model) -> str:
        """The name of the row in the audit log."""
        return str(row.pk)


def changes(form: Any) -> dict[str, Any]:
    """
    The values of each changed field before and after. Passwords are left out: their own page records the change.
    """
    return {
        name: {"before": json_value(form.initial.get(name)), "after": json_value(form.cleaned_data.get(name))}
        for name in form.changed_data
        if "password" not in name
    }


def json_value(value: Any) -> Any:
    """The value as JSON can hold it: a row's primary key, the sorted names of several rows, other values unchanged."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, list | QuerySet):
        return sorted(str(row) for row in value)
    return value
