"""
The funnel page of the admin: for all tenants that the person works for, for one tenant, or for one project.

It is a view of its own because it shows many rows of several models:
https://docs.djangoproject.com/en/5.2/ref/contrib/admin/#adding-views-to-admin-sites
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from diagnosis.funnel import funnel_rows
from diagnosis.funnel.figures import Funnel, funnel
from diagnosis.funnel.loop_lives import LoopLife, Period
from diagnosis.models import Loop
from telemetry.windows import MAX_MINUTES, Window
from tenants.console.scoped import visible_rows
from tenants.models import Project, Tenant

WINDOWS = {"10080": "7 days", str(MAX_MINUTES): "30 days", "129600": "90 days", "525600": "365 days"}
MOST_PARTS = 200  # tenants or projects in the table


class FunnelQuery(NamedTuple):
    """The tenant, project and window that the URL names; "" stands for all that the person may see."""

    tenant: str
    project: str
    since_minutes: str

    @classmethod
    def read(cls, query: Mapping[str, str]) -> FunnelQuery:
        """Parse the URL's query; a window that is not offered becomes 30 days."""
        minutes = query.get("since_minutes", "")
        return cls(
            query.get("tenant", ""),
            query.get("project", ""),
            minutes if minutes in WINDOWS else str(MAX_MINUTES),
        )

    def period(self, now: datetime) -> Period:
        """The window as a Period that ends now."""
        return funnel_rows.period(Window.ending(now, int(self.since_minutes)))


class FunnelPart(NamedTuple):
    """One tenant or project of several, with its funnel."""

    name: str
    field: str  # the URL parameter that names it
    query: str  # the query of the page for it alone
    funnel: Funnel


@require_safe
def funnel_page(request: HttpRequest) -> HttpResponse:
    """The funnel of what the URL names, and of each tenant or project in it."""
    if not admin.site.get_model_admin(Loop).has_view_permission(request):
        raise PermissionDenied
    query = FunnelQuery.read(request.GET.dict())
    projects = visible_rows(with_loops(), request.user, "tenant")
    context = funnel_page_context(projects, query, query.period(timezone.now())) | {
        "title": "Funnel",
        "asked": query,
        "windows": WINDOWS,
        "tenants": visible_rows(Tenant.objects.all(), request.user, "pk"),
    }
    return TemplateResponse(
        request, "admin/diagnosis/funnel.html", admin.site.each_context(request) | context
    )


def with_loops() -> QuerySet[Project]:
    """The projects that have at least one loop."""
    return Project.objects.filter(Exists(Loop.objects.filter(project=OuterRef("pk")))).order_by("pk")


def funnel_page_context(projects: QuerySet[Project], query: FunnelQuery, period: Period) -> dict[str, Any]:
    """The page's context: the funnel, its parts, and the projects to choose from."""
    if query.tenant:
        projects = projects.filter(tenant=query.tenant)
    selected_projects = projects.filter(pk=query.project) if query.project else projects
    lives = funnel_rows.read_lives(
        Loop.objects.filter(project__in=selected_projects.order_by()), period.start
    )
    rows = [] if query.project else funnel_parts(lives, selected_projects, query, period)
    rows.sort(key=lambda part: (-part.funnel.waiting.failures, part.name))
    return {
        "projects": projects.values_list("pk", flat=True),
        "funnel": funnel(lives, period),
        "parts": rows[:MOST_PARTS],
        "left_out": len(rows[MOST_PARTS:]),
    }


def funnel_parts(
    lives: list[LoopLife], projects: QuerySet[Project], query: FunnelQuery, period: Period
) -> list[FunnelPart]:
    """The funnel of each tenant, or of each project if the query names a tenant."""
    owners = dict(projects.values_list("pk", "tenant"))
    names = dict(Tenant.objects.filter(pk__in=set(owners.values())).values_list("pk", "name"))
    field = "project" if query.tenant else "tenant"
    lives_by_part: dict[str, list[LoopLife]] = defaultdict(list)
    for life in lives:
        lives_by_part[life.project_id if query.tenant else owners[life.project_id]].append(life)
    return [
        FunnelPart(
            names.get(key, key), field, urlencode(query._asdict() | {field: key}), funnel(part_lives, period)
        )
        for key, part_lives in lives_by_part.items()
    ]
