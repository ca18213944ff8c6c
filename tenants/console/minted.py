"""
The base of the admins of keys: minted on a page of their own, revoked from the list, never edited or deleted.

Only the response to minting contains the raw key. The database stores its digest, which no page shows. A lost key is
revoked and replaced by a new one.
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
    """Base admin of project keys and feed keys. Subclasses define the form, the creation and the audit log entry."""

    actions = ["revoke"]
    purpose = ""  # a sentence shown on the mint page

    def mint_form(self, request: HttpRequest) -> Form:
        """The form for a new key."""
        raise NotImplementedError

    def fresh_key(self, now: datetime, **fields: Any) -> tuple[str, Any]:
        """Create a key from the form's fields. Return its raw text and its row."""
        raise NotImplementedError

    def write_down(self, request: HttpRequest, key: Any, event: audit_log.AuditEvent, now: datetime) -> None:
        """Record an event about the key in the audit log."""
        raise NotImplementedError

    def beside(self, request: HttpRequest) -> dict[str, Any]:
        """Additional template context for the page that shows the new key."""
        return {}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has Django's permission to add keys."""
        return self.may(request, "add")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Whoever has Django's permission to change keys."""
        return self.may(request, "change")

    def may(self, request: HttpRequest, action: str) -> bool:
        """Whether the person has Django's permission for this action, which ReadOnly otherwise ignores."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(action, self.opts)}")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The mint page. The response to a valid POST shows the raw key; Django's admin marks it `no-store`."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, kind = self.mint_form(request), self.opts.verbose_name
        if not form.is_valid():
            purpose = self.purpose
            return self.page(request, "admin/mint.html", title=f"Mint a {kind}", form=form, purpose=purpose)
        raw, key = self.mint(request, form.cleaned_data)
        template = f"admin/{self.opts.app_label}/{self.opts.model_name}/minted.html"
        context = self.beside(request) | {"title": f"The {kind} is minted", "raw": raw, "key": key}
        return self.page(request, template, **context)

    @transaction.atomic
    def mint(self, request: HttpRequest, fields: dict[str, Any]) -> tuple[str, Model]:
        """Create a key and record that. Return its raw text and its row."""
        now = timezone.now()
        raw, key = self.fresh_key(now, **fields)
        self.log_addition(request, key, "Minted.")
        self.write_down(request, key, audit_log.AuditEvent.KEY_MINTED, now)
        return raw, key

    @admin.action(permissions=["revoke"], description="Revoke the selected keys: they stop working at once")
    @transaction.atomic
    def revoke(self, request: HttpRequest, keys: QuerySet[Any]) -> None:
        """Revoke the selected keys now. Keys revoked earlier keep their time of revocation."""
        now, rows = timezone.now(), self.model._default_manager
        revoked_keys = [key for key in keys if rows.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)]
        for key in revoked_keys:
            self.log_change(request, key, "Revoked.")
            self.write_down(request, key, audit_log.AuditEvent.KEY_REVOKED, now)
        message = f"{len(revoked_keys)} of {len(keys)} selected keys are revoked now; the others were revoked before."
        self.message_user(request, message, messages.SUCCESS)

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Render a page of keys with the context of the admin site."""
        site_context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return TemplateResponse(request, template, site_context | context)
