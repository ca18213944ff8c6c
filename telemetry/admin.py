"""
The drop ledger's page in the admin, one for each project, for those of the staff who may view the project.

It is a view and not a ModelAdmin, since the tallies are in the project's store and not in the admin's database:
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#adding-views-to-admin-sites
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from telemetry import ledger
from telemetry.windows import Window
from tenants.console.scoped import visible_rows
from tenants.models import Project
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)
DAY_MINUTES = 1440


@require_safe
def ledger_page(request: HttpRequest, project_id: str) -> HttpResponse:
    """Show what became of everything that was sent to the project: in the last 24 hours, and in total."""
    if not request.user.has_perm("tenants.view_project"):
        raise PermissionDenied
    project = get_object_or_404(visible_rows(Project.objects.all(), request.user, "tenant"), pk=project_id)
    context = (
        admin.site.each_context(request)
        | {"title": "Ledger", "project": project}
        | read_ledger_counts(project)
    )
    return TemplateResponse(request, "admin/telemetry/ledger.html", context)


def read_ledger_counts(project: Project) -> dict[str, Any]:
    """Return the counts for the template; if the store is unavailable, the page is shown without them."""
    window = Window.ending(timezone.now(), DAY_MINUTES)
    try:
        with bind(project):
            return {
                "entries": ledger.ledger_entries(window),
                "hours": ledger.by_hour(window),
                "available": True,
            }
    except (DatabaseError, OSError) as error:
        logger.error("ledger of %s unavailable: %s", project, error)
        return {"entries": [], "hours": [], "available": False}
