"""
The audit log in the admin, to be read and downloaded. Members see the entries of their tenants, operators and
superusers see all entries.

Only the whole log can be verified: a download of some tenants' entries has gaps in its hash chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path
from django.utils import timezone

from loopkit.http import store_fault
from tenants.audit.chain import as_line
from tenants.audit.stored_entries import stored_entries
from tenants.console.scoped import ReadOnly, ScopedAdmin
from tenants.models import AuditEntry
from tenants.stores import soundness
from tenants.stores.binding import explained


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly, ScopedAdmin):
    """The entries, newest first. No permission to change them exists, and the database refuses any change."""

    tenant_path = "tenant_id"
    list_display = ["sequence", "at", "event", "actor", "target", "tenant_id", "address"]
    list_filter = ["event", ("tenant_id", admin.AllValuesFieldListFilter)]
    search_fields = ["actor", "target", "address"]
    show_full_result_count = False
    fields = ["sequence", "at", "event", "actor", "target", "tenant_id", "address", "detail", "hash"]
    change_list_template = "admin/tenants/auditentry/change_list.html"

    def get_urls(self) -> list[Any]:
        """Django's admin URLs and the download."""
        download = self.admin_site.admin_view(self.download)
        return [path("download/", download, name="tenants_auditentry_download"), *super().get_urls()]

    def download(self, request: HttpRequest) -> StreamingHttpResponse:
        """The entries that this person may see, as JSONL, oldest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = stored_entries(self.get_queryset(request))
        lines = with_faults_logged(map(as_line, entries), request.path)
        first = next(lines, b"")  # a log that cannot be read fails before an answer begins
        name = f"audit-{timezone.now():%Y%m%dT%H%M%SZ}.jsonl"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(
            chain([first], lines), content_type="application/x-ndjson", headers=disposition
        )


def with_faults_logged(lines: Iterator[bytes], path: str) -> Iterator[bytes]:
    """The lines; a fault of the store, after which the answer breaks off, is logged with its remedy."""
    try:
        yield from lines
    except soundness.FAULTS as error:
        cause = explained(error)
        if store_fault.is_store_fault(cause):
            store_fault.log_store_fault(cause, "", path)
        raise cause from error
