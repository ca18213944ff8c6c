"""
Users and groups, as Django has them, with what people may do in the audit log.

https://docs.djangoproject.com/en/5.2/topics/auth/customizing/#custom-users-and-django-contrib-admin
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from tenants.audit import audit_log
from tenants.console.audited import AuditedAdmin
from tenants.console.scoped import works_for_all
from tenants.models import Tenant

if TYPE_CHECKING:
    DjangoUserAdmin = auth_admin.UserAdmin[Any]
else:
    DjangoUserAdmin = auth_admin.UserAdmin

admin.site.unregister([User, Group])


class Named(AuditedAdmin):
    """In the log by their names: their ids say nothing to people."""

    def called(self, row: Model) -> str:
        """The user's or the group's name."""
        return str(row)


@admin.register(User)
class UserAdmin(Named, DjangoUserAdmin):
    """
    Superusers change everybody. Operators change everybody but superusers and themselves. Members of a tenant who may
    change users give roles to those who work for no other tenant. Nobody gives what he does not have.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Colleagues: who works for a tenant that this person works for."""
        users: QuerySet[User] = super().get_queryset(request)
        if works_for_all(request.user):
            return users
        own = Tenant.objects.filter(members=request.user.pk)
        return users.filter(pk__in=Tenant.members.through.objects.filter(tenant__in=own).values("user"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators: whose colleague a new user is, is theirs to say."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody changes himself, or who may do more."""
        return super().has_change_permission(request, obj) and (obj is None or outranks(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators; who has decided is kept by the database."""
        may = works_for_all(request.user) and super().has_delete_permission(request, obj)
        return may and (obj is None or outranks(request.user, obj))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Django's for operators, and what a member sees of a colleague."""
        if obj is None or works_for_all(request.user):
            return super().get_fieldsets(request, obj)
        names = ["username", "first_name", "last_name", "email", "last_login"]
        return [(None, {"fields": names}), ("Roles", {"fields": ["is_active", "groups"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Names and addresses are the user's, permissions one by one are the superusers'."""
        guarded = [] if request.user.is_superuser else ["is_superuser", "user_permissions"]
        names = ["username", "first_name", "last_name", "email", "last_login"]
        return guarded if works_for_all(request.user) else [*guarded, *names]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Other tenants' groups are not named to members."""
        return super().get_list_filter(request) if works_for_all(request.user) else ["is_active"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The roles that this person may give: those that hold nothing that he does not have."""
        if db_field.name == "groups":
            kwargs["queryset"] = givable(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page, for operators; it leads on once the password is set, and to itself if it refused."""
        if not works_for_all(
            request.user
        ):  # or who gave the first of two approvals could sign in as the second
            raise PermissionDenied
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id) if answer.status_code == 302 else None
        if user and answer["Location"] != request.get_full_path():
            self.write_down(request, user, audit_log.AuditEvent.CHANGED, **{"password": "set"})
        return answer


def outranks(person: User | AnonymousUser, other: User) -> bool:
    """Whether a person may change another: one who may do no more, in no other tenant."""
    if person.is_superuser:
        return True
    if (
        other.is_superuser
        or other.pk == person.pk
        or not other.get_all_permissions() <= person.get_all_permissions()
    ):
        return False
    elsewhere = Tenant.objects.filter(members=other.pk).exclude(members=person.pk)
    return works_for_all(person) or not elsewhere.exists()


def givable(person: User | AnonymousUser) -> QuerySet[Group]:
    """The groups whose every permission this person has."""
    if person.is_superuser:
        return Group.objects.all()
    held = Q()
    for permission in person.get_all_permissions():
        app, _, codename = permission.partition(".")
        held |= Q(content_type__app_label=app, codename=codename)
    beyond = Permission.objects.exclude(held) if held else Permission.objects.all()
    return Group.objects.exclude(permissions__in=beyond)


@admin.register(Group)
class GroupAdmin(Named, auth_admin.GroupAdmin):
    """What all its members may do. Groups reach over all tenants, so they are the superusers'."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers."""
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Superusers."""
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Operators read what the roles may do."""
        return works_for_all(request.user) and super().has_view_permission(request, obj)
