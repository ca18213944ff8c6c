"""The admin of project keys, where operators and tenant managers mint, revoke and read them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from tenants.audit import audit_log
from tenants.console.minted import MintedAdmin
from tenants.keys import credentials, provisioning
from tenants.models import Key, Project

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, Any]
else:
    TabularInline = admin.TabularInline


class MintForm(forms.Form):
    """The form for a new key: its project, kind and expiry."""

    project = forms.ModelChoiceField(Project.objects.none())
    kind = forms.ChoiceField(
        choices=Key.Kind.choices,
        help_text="producer sends telemetry, agent reads and diagnoses, feedback sends user signals.",
    )
    expires_at = forms.DateTimeField(
        required=False,
        label="Expires at (UTC)",
        help_text="Empty: it works until it is revoked or the project expires.",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, projects: QuerySet[Project], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["project"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = projects

    def clean_expires_at(self) -> datetime | None:
        """The expiry, which must not have passed yet."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError(
                "This time has passed: choose a later one, in UTC, or leave it empty."
            )
        return expires_at


class ShowsStatus:
    """Adds a status column to lists of keys."""

    @admin.display(description="status")
    def status(self, key: Key) -> str:
        """`works`, `revoked`, `expired`, or that its project is `suspended` or has expired."""
        now = timezone.now()
        if key.revoked_at or not key.is_usable(now):
            return "revoked" if key.revoked_at else "expired"
        return "works" if key.project.is_live(now) else f"project {key.project.standing(now)}"


class KeyInline(ShowsStatus, TabularInline):
    """The read-only list of keys on a project's page."""

    model = Key
    fields = ["kind", "status", "created_at", "last_used_at", "expires_at", "revoked_at"]
    readonly_fields = ["status", "created_at", "last_used_at", "revoked_at"]
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: keys are minted on a page of their own, which shows the raw key."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: keys are revoked by an action of the list of keys."""
        return False


class KeyAdmin(ShowsStatus, MintedAdmin):
    """Producer, agent and feedback keys."""

    purpose = "The key is shown once, on the next page. LoopKit keeps only its SHA-256."
    tenant_path = "project__tenant"
    list_display = ["__str__", "kind", "project", "status", "created_at", "last_used_at", "expires_at"]
    list_filter = [
        "kind",
        ("revoked_at", admin.EmptyFieldListFilter),
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project"]
    search_fields = ["key_id", "last_four", "project__project_id", "project__name"]
    fields = [
        "key_id", "__str__", "kind", "project", "scopes", "status",
        "created_at", "last_used_at", "expires_at", "revoked_at",
    ]  # fmt: skip
    readonly_fields = ["__str__", "status"]

    def mint_form(self, request: HttpRequest) -> MintForm:
        """The form, with the projects that this person may see."""
        projects = self.admin_site.get_model_admin(Project).get_queryset(request)
        return MintForm(projects, request.POST or None, initial=request.GET.dict())

    def fresh_key(self, now: datetime, **fields: Any) -> tuple[str, Key]:
        """Create a key from the form's fields. Return its raw text and its row."""
        raw = provisioning.add_key(fields["project"], Key.Kind(fields["kind"]), now, fields["expires_at"])
        return raw, Key.objects.get(digest=credentials.key_digest(raw))

    def write_down(self, request: HttpRequest, key: Key, event: audit_log.AuditEvent, now: datetime) -> None:
        """Record an event about the key in the audit log."""
        detail = {"kind": key.kind, "project": key.project_id, "expires_at": key.expires_at}
        audit_log.append_entry(
            event, f"key:{key.pk}", audit_log.staff(request), now, key.project.tenant_id, **detail
        )
