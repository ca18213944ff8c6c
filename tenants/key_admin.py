"""
Keys for the operator: mint, revoke, read. The raw key is in the answer that mints it and nowhere else.

Only the digest is stored, and it is shown nowhere; a lost key is revoked and another one minted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from tenants import audit, credentials, provisioning
from tenants.models import Key, Project
from tenants.staff import ReadOnly, ScopedAdmin

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


class KeyAdmin(ShowsStatus, ReadOnly, ScopedAdmin):
    """Keys are minted and revoked, never edited and never deleted: the trail names them."""

    tenant_path = "project__tenant"
    list_display = ["__str__", "kind", "project", "status", "created_at", "last_used_at", "expires_at"]
    list_filter = [
        "kind",
        ("revoked_at", admin.EmptyFieldListFilter),
        ("project", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["project"]
    search_fields = ["key_id", "last_four", "project__project_id", "project__name"]
    actions = ["revoke"]
    fields = [
        "key_id", "__str__", "kind", "project", "scopes", "status",
        "created_at", "last_used_at", "expires_at", "revoked_at",
    ]  # fmt: skip
    readonly_fields = ["__str__", "status"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As Django has it."""
        return request.user.has_perm("tenants.add_key")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys."""
        return request.user.has_perm("tenants.change_key")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter on the digest, which could be guessed digit by digit."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Mint. The answer to the POST shows the raw key; Django's admin marks it `no-store`."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        projects = self.admin_site.get_model_admin(Project).get_queryset(request)
        form = MintForm(projects, request.POST or None, initial=request.GET.dict())
        if not form.is_valid():
            return self.page(request, "mint", title="Mint a key", form=form)
        raw, key = self.mint(request, **form.cleaned_data)
        return self.page(request, "minted", title="The key is minted", raw=raw, key=key)

    @transaction.atomic
    def mint(
        self, request: HttpRequest, project: Project, kind: str, expires_at: datetime | None
    ) -> tuple[str, Key]:
        """The raw text of the fresh key, and its row."""
        now = timezone.now()
        raw = provisioning.add_key(project, Key.Kind(kind), now, expires_at)
        key = Key.objects.get(digest=credentials.digest(raw))
        self.log_addition(request, key, "Minted.")
        self.write_down(request, key, audit.Event.KEY_MINTED, now, expires_at=expires_at)
        return raw, key

    def write_down(
        self, request: HttpRequest, key: Key, event: audit.Event, now: datetime, **detail: Any
    ) -> None:
        """One entry about the key."""
        detail |= {"kind": key.kind, "project": key.project_id}
        audit.record(event, f"key:{key.pk}", audit.staff(request), now, key.project.tenant_id, **detail)

    def page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        """A page of keys in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"admin/tenants/key/{name}.html", frame | context)

    @admin.action(permissions=["revoke"], description="Revoke the selected keys: they stop working at once")
    @transaction.atomic
    def revoke(self, request: HttpRequest, keys: QuerySet[Key]) -> None:
        """With the time; keys that are revoked keep theirs."""
        now = timezone.now()
        revoked = [
            key for key in keys if Key.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
        ]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
            self.write_down(request, key, audit.Event.KEY_REVOKED, now)
        message = (
            f"{len(revoked)} of {len(keys)} selected keys are revoked now; the others were revoked before."
        )
        self.message_user(request, message, messages.SUCCESS)
