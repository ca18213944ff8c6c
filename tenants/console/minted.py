"""
Keys in the admin: minted on a page of their own, revoked from their list, never edited and never deleted.

The raw key is in the answer that mints it and nowhere else. Only the digest is stored, and it is shown nowhere;
a lost key is revoked and another one minted.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from tenants.audit import audit_log
from tenants.console.scoped import ReadOnly, ScopedAdmin


class MintedAdmin(ReadOnly, ScopedAdmin):
    """Base of both kinds of key; each says what its form asks, how it mints and what its entries tell."""

    actions = ["revoke"]
    purpose = ""  # a sentence on the page that mints

    def mint_form(self, request: HttpRequest) -> Form:
        """What somebody says of a key before it exists."""
        raise NotImplementedError

    def fresh_key(self, now: datetime, **asked: Any) -> tuple[str, Any]:
        """The raw text of a fresh key, and its row."""
        raise NotImplementedError

    def write_down(self, request: HttpRequest, key: Any, event: audit_log.AuditEvent, now: datetime) -> None:
        """One entry about the key in the audit log."""
        raise NotImplementedError

    def beside(self, request: HttpRequest) -> dict[str, Any]:
        """What else the page with the fresh key shows."""
        return {}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As Django has it."""
        return self.may(request, "add")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever may change keys."""
        return self.may(request, "change")

    def may(self, request: HttpRequest, action: str) -> bool:
        """Django's permission, which ReadOnly takes from everybody."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(action, self.opts)}")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """No filter on the digest, which could be guessed digit by digit."""
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Mint. The answer to the POST shows the raw key; Django's admin marks it `no-store`."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, kind = self.mint_form(request), self.opts.verbose_name
        if not form.is_valid():
            purpose = self.purpose
            return self.page(request, "admin/mint.html", title=f"Mint a {kind}", form=form, purpose=purpose)
        raw, key = self.mint(request, form.cleaned_data)
        template = f"admin/{self.opts.app_label}/{self.opts.model_name}/minted.html"
        seen = self.beside(request) | {"title": f"The {kind} is minted", "raw": raw, "key": key}
        return self.page(request, template, **seen)

    @transaction.atomic
    def mint(self, request: HttpRequest, asked: dict[str, Any]) -> tuple[str, Model]:
        """The raw text of the fresh key and its row, written down."""
        now = timezone.now()
        raw, key = self.fresh_key(now, **asked)
        self.log_addition(request, key, "Minted.")
        self.write_down(request, key, audit_log.AuditEvent.KEY_MINTED, now)
        return raw, key

    @admin.action(permissions=["revoke"], description="Revoke the selected keys: they stop working at once")
    @transaction.atomic
    def revoke(self, request: HttpRequest, keys: QuerySet[Any]) -> None:
        """With the time; keys that are revoked keep theirs."""
        now, rows = timezone.now(), self.model._default_manager
        revoked = [key for key in keys if rows.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
            self.write_down(request, key, audit_log.AuditEvent.KEY_REVOKED, now)
        message = (
            f"{len(revoked)} of {len(keys)} selected keys are revoked now; the others were revoked before."
        )
        self.message_user(request, message, messages.SUCCESS)

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """A page of keys in the admin's frame."""
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, frame | context)
