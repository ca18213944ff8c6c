"""
The funnel for the staff: of all tenants that the person works for, of one, or of one project.

A page of its own, since it is about many rows of many models at once:
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
from diagnosis.funnel.loop_lives import Life, Period
from diagnosis.models import Loop
from telemetry.windows import MAX_MINUTES, Window
from tenants.console.scoped import visible
from tenants.models import Project, Tenant

WINDOWS = {"10080": "7 days", str(MAX_MINUTES): "30 days", "129600": "90 days", "525600": "365 days"}
MOST_PARTS = 200


class FunnelQuery(NamedTuple):
    """What the URL names; "" is all that the person may see."""

    tenant: str
    project: str
    since_minutes: str

    @classmethod
    def read(cls, query: Mapping[str, str]) -> FunnelQuery:
        """As the URL says; 30 days for a window that is not offered."""
        minutes = query.get("since_minutes", "")
        return cls(
            query.get("tenant", ""),
            query.get("project", ""),
            minutes if minutes in WINDOWS else str(MAX_MINUTES),
        )

    def period(self, now: datetime) -> Period:
        """The window as times."""
        return funnel_rows.period(Window.ending(now, int(self.since_minutes)))


class FunnelPart(NamedTuple):
    """A tenant or a project among the others."""

    name: str
    field: str  # which names it in the URL
    query: str  # that leads to it alone
    funnel: Funnel


@require_safe
def funnel_page(request: HttpRequest) -> HttpResponse:
    """The funnel of what the URL names, and of each part of it."""
    if not admin.site.get_model_admin(Loop).has_view_permission(request):
        raise PermissionDenied
    asked = FunnelQuery.read(request.GET.dict())
    own = visible(with_loops(), request.user, "tenant")
    context = read(own, asked, asked.period(timezone.now())) | {
        "title": "Funnel",
        "asked": asked,
        "windows": WINDOWS,
        "tenants": visible(Tenant.objects.all(), request.user, "pk"),
    }
    return TemplateResponse(
        request, "admin/diagnosis/funnel.html", admin.site.each_context(request) | context
    )


def with_loops() -> QuerySet[Project]:
    """The projects that have a loop."""
    return Project.objects.filter(Exists(Loop.objects.filter(project=OuterRef("pk")))).order_by("pk")


def read(own: QuerySet[Project], asked: FunnelQuery, period: Period) -> dict[str, Any]:
    """The funnel, its parts, and the projects to choose from."""
    if asked.tenant:
        own = own.filter(tenant=asked.tenant)
    within = own.filter(pk=asked.project) if asked.project else own
    lives = funnel_rows.read(Loop.objects.filter(project__in=within.order_by()), period.start)
    found = [] if asked.project else parts(lives, within, asked, period)
    found.sort(key=lambda part: (-part.funnel.waiting.failures, part.name))
    return {
        "projects": own.values_list("pk", flat=True),
        "funnel": funnel(lives, period),
        "parts": found[:MOST_PARTS],
        "left_out": len(found[MOST_PARTS:]),
    }


def parts(
    lives: list[Life], projects: QuerySet[Project], asked: FunnelQuery, period: Period
) -> list[FunnelPart]:
    """The funnel of each tenant, or of each project of the tenant that is asked for."""
    owners = dict(projects.values_list("pk", "tenant"))
    names = dict(Tenant.objects.filter(pk__in=set(owners.values())).values_list("pk", "name"))
    field = "project" if asked.tenant else "tenant"
    of_part: dict[str, list[Life]] = defaultdict(list)
    for life in lives:
        of_part[life.project_id if asked.tenant else owners[life.project_id]].append(life)
    return [
        FunnelPart(
            names.get(key, key), field, urlencode(asked._asdict() | {field: key}), funnel(mine, period)
        )
        for key, mine in of_part.items()
    ]
