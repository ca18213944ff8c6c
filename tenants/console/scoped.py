"""
Who of the staff sees what: people see the tenants they are members of, operators and superusers see all.

A row of another tenant answers as if it did not exist:
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.get_queryset
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse

from tenants.models import Tenant

if TYPE_CHECKING:  # Django's own classes take no parameter when they run
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin
ModelRow = TypeVar("ModelRow", bound=Model)


OPERATE = "tenants.operate"


def works_for_all(user: User | AnonymousUser) -> bool:
    """Whether this person works for every tenant: superusers, and operators by their role."""
    return bool(user.is_superuser or user.has_perm(OPERATE))


def visible(rows: QuerySet[ModelRow], user: User | AnonymousUser, tenant_path: str) -> QuerySet[ModelRow]:
    """The rows whose tenant this person works for; `tenant_path` leads from a row to its tenant."""
    if works_for_all(user):
        return rows
    return rows.filter(**{f"{tenant_path}__in": Tenant.objects.filter(members=user.pk)})


def plain(object_id: str) -> str:
    """
    The primary key in an admin URL, which holds it as it is or quoted. None of ours has a character that is quoted
    but `_`; Django would read the beginning of `loop_22ab` as a quoted `"`.
    https://github.com/django/django/blob/5.2/django/contrib/admin/utils.py (quote, unquote)
    """
    return object_id.replace(quote("_"), "_")


class ScopedAdmin(ModelAdmin):
    """Lists, pages, dropdowns, autocomplete and bulk actions hold only rows that the person may see."""

    tenant_path = "tenant"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What exists, for this person."""
        return visible(super().get_queryset(request), request.user, self.tenant_path)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One row's page; its id may stand in the URL as it is."""
        return super().change_view(request, quote(plain(object_id)), form_url, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One row's log; its id may stand in the URL as it is."""
        return super().history_view(request, quote(plain(object_id)), extra_context)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Choices are what the related admin lists for this person."""
        kwargs["queryset"] = self.admin_site.get_model_admin(db_field.related_model).get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(ModelAdmin):
    """Nobody adds, changes or deletes here, superusers included."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are made by LoopKit alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What is written stays as it is."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The trail is kept."""
        return False
