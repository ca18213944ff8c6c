"""
The handoff for people: links to the form of each tracker, and the bundle as files, on an approved loop's page.

Whoever may see the loop may have them; a human clicks, LoopKit sends nothing anywhere.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from diagnosis import handoff, handoff_zip
from diagnosis.models import Loop
from diagnosis.notice_models import Tracker
from loopkit.http.errors import ApiError
from loopkit.http.links import absolute

logger = logging.getLogger(__name__)


def page_url(request: Request | HttpRequest, loop: Loop) -> str:
    """The loop's page in the admin; its id needs no quoting in a path."""
    return absolute(request, reverse("admin:diagnosis_loop_change", args=[loop.loop_id]))


def offered(request: HttpRequest, loop: Loop) -> dict[str, Any] | None:
    """What the loop's page offers: links by the tracker's name. None while there is no handoff."""
    try:
        data = handoff.bundle(loop, page_url(request, loop))
    except ApiError:
        return None
    except (DatabaseError, OSError, ObjectDoesNotExist) as error:
        logger.error("handoff of %s unavailable: %s", loop.loop_id, error)
        return {"available": False}
    links = [(Tracker.Kind(one["tracker"]).label, one["url"]) for one in data["new_issue_links"]]
    return {"available": True, "links": links}


@require_safe
def download(request: HttpRequest, loop_id: str) -> HttpResponse:
    """The bundle as a zip; 409 with the reason before approval."""
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        raise PermissionDenied
    loop = queue.get_queryset(request).filter(pk=loop_id).first()
    if loop is None:
        raise Http404
    try:
        return as_zip(loop, handoff.bundle(loop, page_url(request, loop)))
    except ApiError as refusal:
        text = f"{refusal.detail}\n"
        return HttpResponse(text, status=refusal.status_code, content_type="text/plain; charset=utf-8")


def as_zip(loop: Loop, data: dict[str, Any]) -> HttpResponse:
    """The answer that browsers and curl store as a file."""
    name = {"Content-Disposition": f'attachment; filename="handoff-{loop.loop_id}.zip"'}
    return HttpResponse(handoff_zip.archive(data), content_type=handoff_zip.MEDIA_TYPE, headers=name)
