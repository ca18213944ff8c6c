"""
The bases of the admins. Row visibility: staff see the rows of the tenants they are members of, operators and
superusers see all.

A row of another tenant gives the same response as one that does not exist:
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#django.contrib.admin.ModelAdmin.get_queryset
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.admin.utils import quote
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField, ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from tenants.console.refusing import RefusingAdmin
from tenants.models import Tenant

ModelRow = TypeVar("ModelRow", bound=Model)

OPERATE = "tenants.operate"  # the permission to work for all tenants


def works_for_all(user: User | AnonymousUser) -> bool:
    """Whether this person works for every tenant: a superuser, or an operator by permission."""
    return bool(user.is_superuser or user.has_perm(OPERATE))


def visible_rows(
    rows: QuerySet[ModelRow], user: User | AnonymousUser, tenant_path: str
) -> QuerySet[ModelRow]:
    """The rows of the tenants that this person works for; `tenant_path` is the lookup from a row to its tenant."""
    if works_for_all(user):
        return rows
    return rows.filter(**{f"{tenant_path}__in": Tenant.objects.filter(members=user.pk)})


def plain_object_id(object_id: str) -> str:
    """
    The primary key in an admin URL, which contains it either quoted or as it is.

    Of the characters that Django quotes, our primary keys contain only `_`. So only a quoted `_` is decoded here:
    Django would decode the `_22` in an unquoted `loop_22ab` as `"`.
    https://github.com/django/django/blob/5.2/django/contrib/admin/utils.py (quote, unquote)
    """
    return object_id.replace(quote("_"), "_")


class PlainHelpAdmin(RefusingAdmin):
    """An admin whose help texts are text: Django would render them as HTML, and drop a `<name>` in them as a tag."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """The form, with the help text of each field escaped; read-only fields take theirs from it too."""
        fields = [*self.opts.fields, *self.opts.many_to_many]
        plain = {field.name: escape(field.help_text) for field in fields if field.help_text}
        return super().get_form(request, obj, change=change, help_texts=plain, **kwargs)


class ScopedAdmin(PlainHelpAdmin):
    """An admin whose lists, pages, choices and bulk actions contain only rows that the person may see."""

    tenant_path = "tenant"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows that this person may see."""
        return visible_rows(super().get_queryset(request), request.user, self.tenant_path)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of a row, whose id may be unquoted in the URL."""
        return super().change_view(request, quote(plain_object_id(object_id)), form_url, extra_context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The history of a row, whose id may be unquoted in the URL."""
        return super().history_view(request, quote(plain_object_id(object_id)), extra_context)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Limit the choices to the rows that the related admin lists for this person."""
        kwargs["queryset"] = self.admin_site.get_model_admin(db_field.related_model).get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ReadOnly(PlainHelpAdmin):
    """An admin in which nobody may add, change or delete rows, not even superusers."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: only LoopKit itself creates rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: stored rows do not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: stored rows are kept."""
        return False
