"""
Users and groups, as Django has them, with what people may do in the audit log.

https://docs.djangoproject.com/en/5.2/topics/auth/customizing/#custom-users-and-django-contrib-admin
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from tenants import audit
from tenants.audited_admin import AuditedAdmin

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
    """Setting somebody's password is a way to act in their name, so that is recorded too."""

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page; it leads on once the password is set, and to itself if it refused."""
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id) if answer.status_code == 302 else None
        if user and answer["Location"] != request.get_full_path():
            self.write_down(request, user, audit.Event.CHANGED, **{"password": "set"})
        return answer


@admin.register(Group)
class GroupAdmin(Named, auth_admin.GroupAdmin):
    """What all its members may do."""
