"""The trace around a record, as a page of the dashboard."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from diagnosis import evidence_page
from tenants.models import Project
from tenants.pages import for_project


@require_safe
@for_project
def trace_page(request: HttpRequest, project: Project, record_id: str) -> HttpResponse:
    """The spans around the record, or from the row that is asked for, `row`."""
    trace = evidence_page.trace(record_id, request.GET.get("row", ""))
    if trace is None:
        raise Http404
    context = {"project": project, "record_id": record_id, "trace": trace}
    return render(request, "dashboard/trace.html", context)
