"""Keys of projects for operators and tenant managers: mint, revoke, read."""

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
    """What an operator says of a key before it exists."""

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
        """A key that is born expired is a slip."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError(
                "This time has passed: choose a later one, in UTC, or leave it empty."
            )
        return expires_at


class ShowsStatus:
    """A column for lists of keys."""

    @admin.display(description="status")
    def status(self, key: Key) -> str:
        """Whether the key works, and why not."""
        if key.revoked_at:
            return "revoked"
        return "works" if key.is_usable(timezone.now()) else "expired"


class KeyInline(ShowsStatus, TabularInline):
    """The keys of one project, to be read."""

    model = Key
    fields = ["kind", "status", "created_at", "last_used_at", "expires_at", "revoked_at"]
    readonly_fields = ["status", "created_at", "last_used_at", "revoked_at"]
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Minting has its own page, which shows the key."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoking is an action of the list of keys."""
        return False


class KeyAdmin(ShowsStatus, MintedAdmin):
    """Keys of producers, agents and feedback."""

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
        """For one of the projects that this person sees."""
        projects = self.admin_site.get_model_admin(Project).get_queryset(request)
        return MintForm(projects, request.POST or None, initial=request.GET.dict())

    def fresh_key(self, now: datetime, **asked: Any) -> tuple[str, Key]:
        """The raw text of a fresh key, and its row."""
        raw = provisioning.add_key(asked["project"], Key.Kind(asked["kind"]), now, asked["expires_at"])
        return raw, Key.objects.get(digest=credentials.digest(raw))

    def write_down(self, request: HttpRequest, key: Key, event: audit_log.AuditEvent, now: datetime) -> None:
        """One entry about the key in the audit log."""
        said = {"kind": key.kind, "project": key.project_id, "expires_at": key.expires_at}
        audit_log.record(event, f"key:{key.pk}", audit_log.staff(request), now, key.project.tenant_id, **said)
