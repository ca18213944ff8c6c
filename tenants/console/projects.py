"""
The admin of tenants, projects and access requests. Keys are in keys.py.

https://docs.djangoproject.com/en/5.2/ref/contrib/admin/
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log
from tenants.console import audit, users  # noqa: F401 - imported to register their admins
from tenants.console.audited import AuditedAdmin
from tenants.console.keys import KeyAdmin, KeyInline
from tenants.console.scoped import ReadOnly, ScopedAdmin, works_for_all
from tenants.keys.provisioning import new_project_id
from tenants.models import AccessRequest, Key, Project, Tenant

if TYPE_CHECKING:
    ProjectModelForm = forms.ModelForm[Project]
else:
    ProjectModelForm = forms.ModelForm

MOST_ENVIRONMENTS, LONGEST_ENVIRONMENT = 50, 200  # names, and characters of each

admin.site.site_header = admin.site.site_title = "LoopKit"
admin.site.index_title = "Operator's console"
admin.site.site_url = "/dashboard"
admin.site.enable_nav_sidebar = False  # lists need its space, and the front page has the same links
admin.site.register(Key, KeyAdmin)


@admin.register(Tenant)
class TenantAdmin(AuditedAdmin, ScopedAdmin):
    """Tenants and their members. Operators create tenants, choose members and require one or two approvals."""

    tenant_path = "pk"
    list_display = ["name", "tenant_id", "project_count", "created_at"]
    ordering = ["tenant_id"]  # repeated here, because counting projects drops the model's ordering
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
        """The visible tenants, each with its number of projects."""
        tenants: QuerySet[Tenant] = super().get_queryset(request)
        return tenants.annotate(project_count=Count("projects"))

    @admin.display(description="projects", ordering="project_count")
    def project_count(self, tenant: Any) -> int:
        """The number of projects that the tenant owns."""
        return int(tenant.project_count)

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> list[str]:
        """
        The fields that this person may not change: the id of an existing tenant, because other rows refer to it, and
        for members the list of members and the number of approvals.
        """
        operator_fields = [] if works_for_all(request.user) else ["members", "two_people"]
        return ["tenant_id"] * (obj is not None) + operator_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only operators."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        """Only operators, and only a tenant without projects, which the database enforces too."""
        may = works_for_all(request.user) and super().has_delete_permission(request, obj)
        return may and not (obj and obj.projects.exists())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """
        The rows that go with tenants. Feed keys, which nobody may delete alone, go with their tenant; without this,
        the page would ask for a confirmation that is then refused.
        """
        objects, counts, _, protected = super().get_deleted_objects(objs, request)
        lacking = {
            self.opts.verbose_name for tenant in objs if not self.has_delete_permission(request, tenant)
        }
        return objects, counts, lacking, protected


class NamesField(forms.Field):
    """Names, one a line, as a list: trimmed, each once, in their order."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """The lines of the form."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        """The names of the lines."""
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def validate(self, value: list[str]) -> None:
        """Refuse more or longer names than anybody has environments."""
        super().validate(value)
        if len(value) > MOST_ENVIRONMENTS or any(len(name) > LONGEST_ENVIRONMENT for name in value):
            raise forms.ValidationError(
                f"At most {MOST_ENVIRONMENTS} names, one a line, of {LONGEST_ENVIRONMENT} characters each."
            )


class ProjectForm(ProjectModelForm):
    """The form of a project."""

    production_environments = NamesField(
        required=False,
        help_text="One a line, as records name them (deployment.environment.name; upper and lower case differ). "
        "Severity is judged by the failures there; those of other environments alone are medium at most. Empty: all.",
    )

    def clean_expires_at(self) -> datetime | None:
        """The time of expiry. One in the past could be so long ago that a sandbox is erased at once."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if "expires_at" in self.changed_data and expires_at and expires_at < timezone.now():
            raise forms.ValidationError(
                "This time has passed. To refuse the keys at once, suspend the project, or let it expire in a minute."
            )
        return expires_at


@admin.register(Project)
class ProjectAdmin(AuditedAdmin, ScopedAdmin):
    """
    Projects, which operators create, limit and suspend. Nobody deletes them: the telemetry file would have no owner.

    Members change only the name: they must not change limits that apply to them, or move a project to another tenant.
    """

    list_display = [
        "project_id",
        "name",
        "tenant",
        "plan",
        "quota_spans",
        "expires_at",
        "standing",
        "created_at",
    ]
    form = ProjectForm
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
        ("Environments", {"fields": ["production_environments"]}),
        ("Log records", {"fields": ["context_log_days"]}),
        (
            "Limits",
            {
                "fields": ["state", "plan", "quota_spans", "expires_at"],
                "description": f"{settings.LOOPKIT_SANDBOX_GRACE_DAYS} days after its expiry a sandbox is erased "
                "with all its telemetry, unless it is suspended or a person decided something in it.",
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Project | None = None) -> list[str]:
        """The fields that this person may not change; limits and tenant are for operators."""
        operator_fields = [
            "tenant", "state", "plan", "quota_spans", "expires_at", "production_environments", "context_log_days",
        ]  # fmt: skip
        return ["project_id", "fingerprint_version", "created_at"] + (
            [] if works_for_all(request.user) else operator_fields
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only operators, because a project created here has no quota unless they set one."""
        return works_for_all(request.user) and super().has_add_permission(request)

    def has_limit_permission(self, request: HttpRequest) -> bool:
        """Only operators suspend and reactivate projects."""
        return works_for_all(request.user)

    def get_inlines(self, request: HttpRequest, obj: Project | None) -> list[Any]:
        """The list of keys, for a project that exists."""
        return [KeyInline] if obj else []

    @admin.display(description="state", ordering="state")
    def standing(self, project: Project) -> str:
        """Whether its keys work: `active`, `suspended` or `expired`."""
        return project.standing(timezone.now())

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """Save the project. A new one gets its id and creation time here; neither ever changes."""
        obj.has_context_logs = obj.has_context_logs or obj.context_log_days > 0
        if not change:
            obj.project_id, obj.created_at = new_project_id(obj.name), timezone.now()
            obj.save(force_insert=True)
            return
        changed = set(form.changed_data)
        if obj.context_log_days:
            changed.add("has_context_logs")
        if "tenant" in changed:
            # A claimed name is unique within a tenant, so the claim could collide in the new one.
            obj.claimed_name = None
            changed.add("claimed_name")
        # Nothing else: that its store was made, or its fingerprints switched, may have been recorded meanwhile.
        obj.save(update_fields=changed)

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """Nobody: the telemetry file would have no owner."""
        return False

    @admin.action(permissions=["limit"], description="Suspend: refuse the keys of the selected projects")
    def suspend(self, request: HttpRequest, projects: QuerySet[Project]) -> None:
        """Suspend projects: their keys stop working at once."""
        self.move(request, projects, Project.State.ACTIVE, Project.State.SUSPENDED)

    @admin.action(permissions=["limit"], description="Reactivate: accept their keys again")
    def reactivate(self, request: HttpRequest, projects: QuerySet[Project]) -> None:
        """Reactivate projects: their keys work again, unless the project has expired."""
        self.move(request, projects, Project.State.SUSPENDED, Project.State.ACTIVE)

    @transaction.atomic
    def move(self, request: HttpRequest, projects: QuerySet[Project], old: str, new: str) -> None:
        """Move the projects in state `old` to `new`, record each change, and tell the person how many there were."""
        changed_projects = [
            row for row in projects if Project.objects.filter(pk=row.pk, state=old).update(state=new)
        ]
        for project in changed_projects:
            self.log_change(request, project, f"State: {new}.")
            self.write_down(
                request, project, audit_log.AuditEvent.CHANGED, state={"before": old, "after": new}
            )
        message = (
            f"{len(changed_projects)} of {len(projects)} selected projects are {new} now; "
            f"the others were {new} before."
        )
        self.message_user(request, message, messages.SUCCESS)


@admin.register(AccessRequest)
class AccessRequestAdmin(ReadOnly):
    """Requests for a production tenant. Answer by e-mail, then mark the request as handled."""

    list_display = ["name", "email", "organisation", "created_at", "handled_at"]
    list_filter = [("handled_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "email", "organisation"]
    actions = ["mark_handled"]

    def has_delete_permission(self, request: HttpRequest, obj: AccessRequest | None = None) -> bool:
        """Whoever has Django's permission: personal data of strangers may have to be deleted."""
        return request.user.has_perm("tenants.delete_accessrequest")

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to change requests."""
        return request.user.has_perm("tenants.change_accessrequest")

    @admin.action(permissions=["handle"], description="Mark the selected requests as handled")
    def mark_handled(self, request: HttpRequest, rows: QuerySet[AccessRequest]) -> None:
        """Mark requests as handled now. Requests handled earlier keep their time."""
        count = rows.filter(handled_at=None).update(handled_at=timezone.now())
        self.message_user(request, f"{count} requests are marked as handled.", messages.SUCCESS)
