"""Feed keys for operators: mint, revoke, read. The raw key is in the answer that mints it and nowhere else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from diagnosis import feed_keys
from diagnosis.notice_models import FeedKey
from loopkit.links import absolute
from tenants import audit
from tenants.models import Tenant
from tenants.staff import ReadOnly, ScopedAdmin, visible


class MintFeedForm(forms.Form):
    """Whose notices it reads, and who reads with it."""

    tenant = forms.ModelChoiceField(Tenant.objects.none())
    label = forms.CharField(max_length=80, help_text="Who reads with it, such as team-chat.")

    def __init__(self, tenants: QuerySet[Tenant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tenant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = tenants


class FeedKeyAdmin(ReadOnly, ScopedAdmin):
    """Minted and revoked, never edited and never deleted."""

    list_display = ["label", "tenant", "last_four", "works", "created_at", "last_used_at", "revoked_at"]
    list_filter = [
        ("revoked_at", admin.EmptyFieldListFilter),
        ("tenant", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["tenant"]
    search_fields = ["label", "last_four"]
    fields = ["label", "tenant", "last_four", "works", "created_at", "last_used_at", "revoked_at"]
    readonly_fields = ["works"]
    actions = ["revoke"]

    @admin.display(description="works", boolean=True)
    def works(self, key: FeedKey) -> bool:
        """Not revoked."""
        return key.revoked_at is None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As Django has it."""
        return request.user.has_perm("diagnosis.add_feedkey")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change feed keys."""
        return request.user.has_perm("diagnosis.change_feedkey")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter on the digest, which could be guessed digit by digit."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Mint. The answer to the POST shows the raw key; Django's admin marks it `no-store`."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        tenants = visible(Tenant.objects.all(), request.user, "pk")
        form = MintFeedForm(tenants, request.POST or None, initial=request.GET.dict())
        if not form.is_valid():
            return self.page(request, "mint", title="Mint a feed key", form=form)
        raw, key = self.mint(request, **form.cleaned_data)
        feeds = [absolute(request, reverse(f"notices-{kind}")) for kind in ("atom", "json")]
        return self.page(request, "minted", title="The feed key is minted", raw=raw, key=key, feeds=feeds)

    @transaction.atomic
    def mint(self, request: HttpRequest, tenant: Tenant, label: str) -> tuple[str, FeedKey]:
        """The raw text of the fresh key, and its row."""
        raw, key = feed_keys.mint(tenant, label, timezone.now())
        self.write_down(request, key, audit.Event.KEY_MINTED)
        return raw, key

    def write_down(self, request: HttpRequest, key: FeedKey, event: audit.Event) -> None:
        """One entry about the key."""
        said = {"kind": "feed", "label": key.label}
        audit.record(event, f"feedkey:{key.pk}", audit.staff(request), timezone.now(), key.tenant_id, **said)

    def page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        """A page of feed keys in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, f"admin/diagnosis/feedkey/{name}.html", frame | context)

    @admin.action(
        permissions=["revoke"], description="Revoke the selected feed keys: they stop working at once"
    )
    @transaction.atomic
    def revoke(self, request: HttpRequest, keys: QuerySet[FeedKey]) -> None:
        """With the time; keys that are revoked keep theirs."""
        now = timezone.now()
        revoked = [
            key for key in keys if FeedKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
        ]
        for key in revoked:
            self.write_down(request, key, audit.Event.KEY_REVOKED)
        self.message_user(
            request, f"{len(revoked)} of {len(keys)} selected keys are revoked now.", messages.SUCCESS
        )
