"""
The roles: four groups, whose permissions `manage.py prepare` sets to the ones listed here.

A person works for the tenants that list them as a member; the role determines what they may do there. Superusers may
add groups with other combinations of permissions: https://docs.djangoproject.com/en/5.2/topics/auth/default/#groups
"""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction

VIEWER = frozenset(
    {
        "tenants.view_tenant",
        "tenants.view_project",
        "tenants.view_key",
        "tenants.view_auditentry",
        "diagnosis.view_packet",
        "diagnosis.view_loop",
        "diagnosis.view_tracker",
        "diagnosis.view_feedkey",
    }
)
APPROVER = VIEWER | {"diagnosis.decide_loop"}
TENANT_MANAGER = APPROVER | {
    "tenants.change_tenant",
    "tenants.change_project",
    "tenants.add_key",
    "tenants.change_key",
    "diagnosis.add_tracker",
    "diagnosis.change_tracker",
    "diagnosis.delete_tracker",
    "diagnosis.add_feedkey",
    "diagnosis.change_feedkey",
    "auth.view_user",
    "auth.change_user",
}
OPERATOR = TENANT_MANAGER | {
    "tenants.operate",
    "tenants.add_tenant",
    "tenants.delete_tenant",
    "tenants.add_project",
    "tenants.view_accessrequest",
    "tenants.change_accessrequest",
    "tenants.delete_accessrequest",
    "auth.add_user",
    "auth.delete_user",
    "auth.view_group",
}
ROLES = {
    "viewer": VIEWER,
    "approver": APPROVER,
    "tenant manager": TENANT_MANAGER,
    "operator": OPERATOR,
}


@transaction.atomic
def make_roles() -> None:
    """Create the group of each role and give it exactly its permissions. Writes nothing if all is up to date."""
    permissions_by_name = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for name, permissions in ROLES.items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.set([permissions_by_name[permission] for permission in sorted(permissions)])
