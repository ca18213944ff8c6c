"""
A project's version of fingerprints, for its operator: look at what a switch would do, then confirm it.

A page of its own beside the project's, as the ledger is. A switch takes some seconds a request; where that is not
enough, the page says how far it is and goes on by button. Nothing happens without a POST.
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

from diagnosis.fingerprint_switch import preview as switch_preview
from diagnosis.fingerprint_switch import switch
from diagnosis.models import FingerprintSwitch
from telemetry.grouping import versions
from tenants.audit import audit_log
from tenants.console.scoped import visible
from tenants.models import Project

logger = logging.getLogger(__name__)
SECONDS = 15.0  # of work a request
PERMISSION = "tenants.change_project"
UNAVAILABLE = "The project's store is not available just now; the server's log says why."


class Confirmed(forms.Form):
    """What the person saw and confirms."""

    before = forms.IntegerField(min_value=1)
    to = forms.TypedChoiceField(choices=[(number, number) for number in versions.RULES], coerce=int)


@require_http_methods(["GET", "HEAD", "POST"])
def fingerprints_page(request: HttpRequest, project_id: str) -> HttpResponse:
    """The versions, the preview of another one, and how far a switch is."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    project = get_object_or_404(visible(Project.objects.all(), request.user, "tenant"), pk=project_id)
    if request.method == "POST":
        act(request, project)
        return redirect("admin-fingerprints", project.pk)
    context = admin.site.each_context(request) | {"title": "Fingerprints", "project": project}
    return TemplateResponse(request, "admin/diagnosis/fingerprints.html", context | shown(request, project))


def shown(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the page shows of the project."""
    told: dict[str, Any] = {
        "versions": versions.RULES.values(),
        "under_way": switch.under_way(project),
        "past": FingerprintSwitch.objects.filter(project=project).exclude(finished_at=None)[:5],
    }
    wanted = request.GET.get("to", "")
    if told["under_way"] or not wanted.isdecimal() or int(wanted) not in versions.RULES:
        return told
    try:
        preview = switch_preview.preview(project, versions.numbered(int(wanted)), timezone.now())
    except (DatabaseError, OSError) as error:
        logger.error("preview of %s unavailable: %s", project, error)
        return told | {"unavailable": UNAVAILABLE}
    return told | {"preview": preview, "map": preview.shown(), "fates": switch_preview.told(preview.fates)}


def act(request: HttpRequest, project: Project) -> None:
    """Begin the switch that was confirmed, or go on with one; what came of it is a message on the page."""
    try:
        begun = switch.under_way(project) or begin(request, project)
        done = switch.advance(begun, SECONDS)
    except switch.CannotSwitch as error:
        messages.error(request, str(error))
    except (DatabaseError, OSError) as error:
        logger.error("switch of %s interrupted: %s", project, error)
        messages.error(request, f"{UNAVAILABLE} Go on once it is back.")
    else:
        if done.phase == switch.Phase.DONE:
            messages.success(request, f"Switched: {done.rewritten} records have their new clusters.")


def begin(request: HttpRequest, project: Project) -> FingerprintSwitch:
    """The switch that the form confirms. CannotSwitch if it is not what the person saw."""
    form = Confirmed(request.POST)
    if not form.is_valid() or form.cleaned_data["before"] != project.fingerprint_version:
        raise switch.CannotSwitch("The version is not what the page showed. Look at the preview again.")
    return switch.begin(project, form.cleaned_data["to"], audit_log.staff(request), timezone.now())
