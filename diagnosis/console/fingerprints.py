"""
The page for an operator to switch a project's fingerprint version: first a preview, then the confirmation.

Each request works on a switch for some seconds; if that is not enough, the page shows the progress and a button
continues. Only a POST changes anything.
"""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from diagnosis.display.quantities import counted
from diagnosis.fingerprint_switch import switch
from diagnosis.fingerprint_switch.preview import outcomes_in_words, preview_switch
from diagnosis.models import FingerprintSwitch
from telemetry.grouping import versions
from tenants.audit import audit_log
from tenants.console.scoped import visible_rows
from tenants.models import Project

logger = logging.getLogger(__name__)
SECONDS = 15.0  # of work per request
PERMISSION = "tenants.change_project"
UNAVAILABLE = "The project's store is not available just now; the server's log says why."


class ConfirmSwitchForm(forms.Form):
    """The version that the page showed, and the version that the person confirms."""

    before = forms.IntegerField(min_value=1)
    to = forms.TypedChoiceField(choices=[(number, number) for number in versions.VERSIONS], coerce=int)


@require_http_methods(["GET", "HEAD", "POST"])
def fingerprints_page(request: HttpRequest, project_id: str) -> HttpResponse:
    """The versions, the preview of a switch, and the progress of one; a POST begins or continues a switch."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    project = get_object_or_404(visible_rows(Project.objects.all(), request.user, "tenant"), pk=project_id)
    if request.method == "POST":
        act(request, project)
        return redirect("admin-fingerprints", project.pk)
    context = admin.site.each_context(request) | {"title": "Fingerprints", "project": project}
    return TemplateResponse(
        request, "admin/diagnosis/fingerprints.html", context | fingerprint_page_context(request, project)
    )


def fingerprint_page_context(request: HttpRequest, project: Project) -> dict[str, Any]:
    """The page's context about the project."""
    context: dict[str, Any] = {
        "versions": versions.VERSIONS.values(),
        "under_way": switch.under_way(project),
        "past": FingerprintSwitch.objects.filter(project=project).exclude(finished_at=None)[:5],
    }
    version = request.GET.get("to", "")
    if context["under_way"] or not version.isdecimal() or int(version) not in versions.VERSIONS:
        return context
    try:
        preview = preview_switch(project, versions.rules_of_version(int(version)), timezone.now())
    except (DatabaseError, OSError) as error:
        logger.error("preview of %s unavailable: %s", project, error)
        return context | {"unavailable": UNAVAILABLE}
    return context | {
        "preview": preview,
        "map": preview.shown(),
        "outcomes": outcomes_in_words(preview.outcomes),
    }


def act(request: HttpRequest, project: Project) -> None:
    """Begin the confirmed switch, or continue the unfinished one, and report the result as a message on the page."""
    try:
        unfinished = switch.under_way(project) or begin_switch_as_seen(request, project)
        result = switch.advance_switch(unfinished, SECONDS)
    except switch.CannotSwitch as error:
        messages.error(request, str(error))
    except (DatabaseError, OSError) as error:
        logger.error("switch of %s interrupted: %s", project, error)
        messages.error(request, f"{UNAVAILABLE} Continue the switch once it is available.")
    else:
        if result.phase == switch.Phase.DONE:
            messages.success(
                request, f"Switched: {counted(result.rewritten, 'record')} moved to new clusters."
            )


def begin_switch_as_seen(request: HttpRequest, project: Project) -> FingerprintSwitch:
    """Begin the switch that the form confirms. Raises CannotSwitch if the version is not what the page showed."""
    form = ConfirmSwitchForm(request.POST)
    if not form.is_valid() or form.cleaned_data["before"] != project.fingerprint_version:
        raise switch.CannotSwitch("The version is not what the page showed. Look at the preview again.")
    return switch.begin_switch(project, form.cleaned_data["to"], audit_log.staff(request), timezone.now())
