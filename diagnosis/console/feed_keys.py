"""Feed keys in the admin, for operators and tenant managers: minted, revoked and listed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from diagnosis.models import FeedKey
from diagnosis.notices import feed_keys
from loopkit.http.links import absolute
from tenants.audit import audit_log
from tenants.console.minted import MintedAdmin
from tenants.console.scoped import visible_rows
from tenants.models import Tenant


class MintFeedForm(forms.Form):
    """The tenant whose notices the key reads, and a label for its user."""

    tenant = forms.ModelChoiceField(Tenant.objects.none())
    label = forms.CharField(
        max_length=80, help_text="The program or team that uses the key, such as team-chat."
    )

    def __init__(self, tenants: QuerySet[Tenant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tenant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = tenants


class FeedKeyAdmin(MintedAdmin):
    """The admin of feed keys, each of which reads one tenant's notices."""

    purpose = "It reads the notices of one tenant and nothing else. It is shown once, on the next page."
    list_display = ["label", "tenant", "last_four", "works", "created_at", "last_used_at", "revoked_at"]
    list_filter = [
        ("revoked_at", admin.EmptyFieldListFilter),
        ("tenant", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["tenant"]
    search_fields = ["label", "last_four"]
    fields = ["label", "tenant", "last_four", "works", "created_at", "last_used_at", "revoked_at"]
    readonly_fields = ["works"]

    @admin.display(description="works", boolean=True)
    def works(self, key: FeedKey) -> bool:
        """Whether the key is not revoked."""
        return key.revoked_at is None

    def mint_form(self, request: HttpRequest) -> MintFeedForm:
        """The form, which offers the tenants that this person works for."""
        tenants = visible_rows(Tenant.objects.all(), request.user, "pk")
        return MintFeedForm(tenants, request.POST or None, initial=request.GET.dict())

    def fresh_key(self, now: datetime, **asked: Any) -> tuple[str, FeedKey]:
        """The raw text of a fresh key, and its row."""
        return feed_keys.mint_feed_key(asked["tenant"], asked["label"], now)

    def beside(self, request: HttpRequest) -> dict[str, Any]:
        """The URLs of the feeds that the key opens."""
        return {"feeds": [absolute(request, reverse(f"notices-{kind}")) for kind in ("atom", "json")]}

    def write_down(
        self, request: HttpRequest, key: FeedKey, event: audit_log.AuditEvent, now: datetime
    ) -> None:
        """Record the event in the audit log."""
        facts = {"kind": "feed", "label": key.label}
        audit_log.append_entry(
            event, f"feedkey:{key.pk}", audit_log.staff(request), now, key.tenant_id, **facts
        )
