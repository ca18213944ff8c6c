"""
Django's admins of users and groups, limited by tenant and role, with every change recorded in the audit log.

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


class AccountAdmin(AuditedAdmin):
    """An admin whose rows appear in the audit log by name instead of primary key."""

    def called(self, row: Model) -> str:
        """The user's or the group's name."""
        return str(row)


@admin.register(User)
class UserAdmin(AccountAdmin, DjangoUserAdmin):
    """
    Users, with who may change whom.

    Superusers change everybody. Operators change everybody except superusers, themselves and people with more
    permissions. Members of a tenant with the permission to change users change colleagues who work for no tenant that
    they themselves do not work for, and who have no permission that they lack. The permissions of an inactive user
    count, because one click gives them back. Nobody gives a group that grants a permission which they do not have.
    """

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """The members of the tenants that this person works for; all users for operators and superusers."""
        users: QuerySet[User] = super().get_queryset(request)
        if works_for_all(request.user):
            return users
        tenants = Tenant.objects.filter(members=request.user.pk)
        return users.filter(pk__in=Tenant.members.through.objects.filter(tenant__in=tenants).values("user"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators, because they choose the members of tenants."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody changes themselves or a person with more permissions; superusers change everybody."""
        return super().has_change_permission(request, obj) and (obj is None or outranks(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Operators. The database refuses to delete a person who has made decisions."""
        may = works_for_all(request.user) and super().has_delete_permission(request, obj)
        return may and (obj is None or outranks(request.user, obj))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Django's fieldsets for operators; names, status and roles for members of a tenant."""
        if obj is None or works_for_all(request.user):
            return super().get_fieldsets(request, obj)
        names = ["username", "first_name", "last_name", "email", "last_login"]
        return [(None, {"fields": names}), ("Roles", {"fields": ["is_active", "groups"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """
        Only operators change names and addresses; only superusers change superuser status and single permissions, and
        the user name of a person who exists: the audit log names people by it.
        """
        if request.user.is_superuser:
            return []
        names = ["first_name", "last_name", "email", "last_login"]
        name = ["username"] if obj else []
        return ["is_superuser", "user_permissions", *name, *([] if works_for_all(request.user) else names)]

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Django's filters for operators. Others get none by group, which would list other tenants' groups."""
        return super().get_list_filter(request) if works_for_all(request.user) else ["is_active"]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Limit the choice of groups to those that grant only permissions which this person has."""
        if db_field.name == "groups":
            kwargs["queryset"] = givable(request.user)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """
        Django's page to set a password, for operators, with an entry in the audit log.

        A redirect elsewhere means that the password was set; a redirect to the same page means that it was not.
        """
        # Otherwise the first of two approvers could set the password of the second and approve in their name.
        if not works_for_all(request.user):
            raise PermissionDenied
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id) if answer.status_code == 302 else None
        if user and answer["Location"] != request.get_full_path():
            self.write_down(request, user, audit_log.AuditEvent.CHANGED, **{"password": "set"})
        return answer


def outranks(person: User | AnonymousUser, other: User) -> bool:
    """
    Whether a person may change another user.

    Superusers may change everybody. Others may change only somebody else who is no superuser, has, active or not, no
    permission that they lack and, unless they work for all tenants, is in no tenant that they are not in.
    """
    if person.is_superuser:
        return True
    if (
        other.is_superuser
        or other.pk == person.pk
        or not permissions_when_active(other) <= person.get_all_permissions()
    ):
        return False
    elsewhere = Tenant.objects.filter(members=other.pk).exclude(members=person.pk)
    return works_for_all(person) or not elsewhere.exists()


def permissions_when_active(user: User) -> set[str]:
    """
    The names of the permissions that a user who is no superuser has while active, own ones and those of groups.

    `get_all_permissions` has none for an inactive user.
    https://docs.djangoproject.com/en/5.2/ref/contrib/auth/#django.contrib.auth.models.User.get_all_permissions
    """
    rows = Permission.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))
    return {f"{app}.{name}" for app, name in rows.values_list("content_type__app_label", "codename")}


def givable(person: User | AnonymousUser) -> QuerySet[Group]:
    """The groups that grant only permissions which this person has."""
    if person.is_superuser:
        return Group.objects.all()
    own_permissions = Q()
    for permission in person.get_all_permissions():
        app, _, codename = permission.partition(".")
        own_permissions |= Q(content_type__app_label=app, codename=codename)
    other_permissions = (
        Permission.objects.exclude(own_permissions) if own_permissions else Permission.objects.all()
    )
    return Group.objects.exclude(permissions__in=other_permissions)


@admin.register(Group)
class GroupAdmin(AccountAdmin, auth_admin.GroupAdmin):  # type: ignore[misc]  # two stubs differ in `request`
    """Groups and their permissions. Only superusers change them, because a group counts in every tenant."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only superusers."""
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Only superusers."""
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Only superusers."""
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Operators and superusers, to read the permissions of each role."""
        return works_for_all(request.user) and super().has_view_permission(request, obj)
