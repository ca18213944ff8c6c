"""
The operator's console: tenants, projects, requests for access. Keys have a file of their own, keys.py.

https://docs.djangoproject.com/en/5.2/ref/contrib/admin/
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log
from tenants.console import audit, users  # noqa: F401 - they register themselves
from tenants.console.audited import AuditedAdmin
from tenants.console.keys import KeyAdmin, KeyInline
from tenants.console.scoped import ReadOnly, ScopedAdmin, works_for_all
from tenants.keys.provisioning import new_project_id
from tenants.models import AccessRequest, Key, Project, Tenant

admin.site.site_header = admin.site.site_title = "LoopKit"
admin.site.index_title = "Operator's console"
admin.site.site_url = "/dashboard"
admin.site.enable_nav_sidebar = False  # lists need its place, and the front page has the same links
admin.site.register(Key, KeyAdmin)


@admin.register(Tenant)
class TenantAdmin(AuditedAdmin, ScopedAdmin):
    """Who owns projects, and which staff work for whom. Operators make tenants, and say who decides, and how many."""

    tenant_path = "pk"
    list_display = ["name", "tenant_id", "project_count", "created_at"]
    ordering = ["tenant_id"]  # said again: counting projects drops the model's
    search_fields = ["name", "tenant_id"]
    filter_horizontal = ["members"]
    fieldsets = [
        (
            None,
            {
                "fields": ["tenant_id", "name", "members", "two_people"],
                "description": "A tenant that has projects cannot be deleted: suspend its projects instead. "
                "The tenant id never changes. Operators choose the members, and whether two people approve.",
            },
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """With the number of projects."""
        tenants: QuerySet[Tenant] = super().get_queryset(request)
        return tenants.annotate(project_count=Count("projects"))

    @admin.display(description="projects", ordering="project_count")
    def project_count(self, tenant: Any) -> int:
        """How many it owns."""
        return int(tenant.project_count)

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> list[str]:
        """The id names rows elsewhere; what opens or guards a tenant is not for its members to change."""
        guarded = [] if works_for_all(request.user) else ["members", "two_people"]
        return ["tenant_id"] * (obj is not None) + guarded

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        """Operators, while it has no projects; the database protects them too."""
        may = works_for_all(request.user) and super().has_delete_permission(request, obj)
        return may and not (obj and obj.projects.exists())


@admin.register(Project)
class ProjectAdmin(AuditedAdmin, ScopedAdmin):
    """
    Projects are made, limited, suspended, by operators. Not deleted: the telemetry file would have no owner.

    Members change the name alone: a quota is not for who is limited by it, nor a rule for who could move out of it.
    """

    list_display = [
        "project_id",
        "name",
        "tenant",
        "plan",
        "quota_spans",
        "expires_at",
        "state",
        "created_at",
    ]
    list_filter = [
        "state",
        ("plan", admin.AllValuesFieldListFilter),
        ("tenant", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["tenant"]
    search_fields = ["project_id", "name", "operator", "tenant__name"]
    inlines = [KeyInline]
    actions = ["suspend", "reactivate"]
    fieldsets = [
        (
            None,
            {
                "fields": ["project_id", "name", "tenant", "fingerprint_version", "created_at"],
                "description": "A project is not deleted here: its records would stay behind in a file "
                "that nobody owns. Suspend it instead: its keys are refused at once, and nothing is lost.",
            },
        ),
        ("Limits", {"fields": ["state", "plan", "quota_spans", "expires_at"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> list[str]:
        """What limits a project is the operators'."""
        guarded = ["tenant", "state", "plan", "quota_spans", "expires_at"]
        return ["project_id", "fingerprint_version", "created_at"] + (
            [] if works_for_all(request.user) else guarded
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Operators: a project that is made here has no quota."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_limit_permission(self, request: HttpRequest) -> bool:
        """Whoever may suspend a project, and end that."""
        return works_for_all(request.user)

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> list[Any]:
        """A project that does not exist yet has no keys."""
        return [KeyInline] if obj else []

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """A new project gets its id and its time here, and both never change."""
        if not change:
            obj.project_id, obj.created_at = new_project_id(obj.name), timezone.now()
        if "tenant" in form.changed_data:
            obj.claimed_name = None  # a claim counts in its tenant only; carried along it could collide there
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Nobody; see the class."""
        return False

    @admin.action(permissions=["limit"], description="Suspend: refuse the keys of the selected projects")
    def suspend(self, request: HttpRequest, projects: QuerySet[Project]) -> None:
        """Their keys stop working at once."""
        self.move(request, projects, Project.State.ACTIVE, Project.State.SUSPENDED)

    @admin.action(permissions=["limit"], description="Reactivate: accept their keys again")
    def reactivate(self, request: HttpRequest, projects: QuerySet[Project]) -> None:
        """Their keys work again, unless the project has expired."""
        self.move(request, projects, Project.State.SUSPENDED, Project.State.ACTIVE)

    @transaction.atomic
    def move(self, request: HttpRequest, projects: QuerySet[Project], old: str, new: str) -> None:
        """Change the state of those that are in the old one, and say how many that were."""
        moved = [row for row in projects if Project.objects.filter(pk=row.pk, state=old).update(state=new)]
        for project in moved:
            self.log_change(request, project, f"State: {new}.")
            self.write_down(
                request, project, audit_log.AuditEvent.CHANGED, state={"before": old, "after": new}
            )
        message = (
            f"{len(moved)} of {len(projects)} selected projects are {new} now; the others were {new} before."
        )
        self.message_user(request, message, messages.SUCCESS)


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnly):
    """Who asks for a production tenant. Answer by e-mail, then mark the request."""

    list_display = ["name", "email", "organisation", "created_at", "handled_at"]
    list_filter = [("handled_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "email", "organisation"]
    actions = ["mark_handled"]

    def has_delete_permission(self, request: HttpRequest, obj: AccessRequest | None = None) -> bool:
        """As Django has it: names and addresses of strangers may have to go."""
        return request.user.has_perm("tenants.delete_accessrequest")

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whoever may change requests."""
        return request.user.has_perm("tenants.change_accessrequest")

    @admin.action(permissions=["handle"], description="Mark the selected requests as handled")
    def mark_handled(self, request: HttpRequest, rows: QuerySet[AccessRequest]) -> None:
        """With the time; requests that are handled keep theirs."""
        count = rows.filter(handled_at=None).update(handled_at=timezone.now())
        self.message_user(request, f"{count} requests are marked as handled.", messages.SUCCESS)
