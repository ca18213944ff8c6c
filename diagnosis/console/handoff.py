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
from django.views.decorators.http import require_safe

from diagnosis.handoff import bundle
from diagnosis.handoff import download as handoff_download
from diagnosis.models import Loop, Tracker

logger = logging.getLogger(__name__)


def offered(request: HttpRequest, loop: Loop) -> dict[str, Any] | None:
    """What the loop's page offers: links by the tracker's name. None while there is no handoff."""
    try:
        data = bundle.bundle(loop, handoff_download.page_url(request, loop))
    except bundle.NotApproved:
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
        return handoff_download.as_zip(loop, bundle.bundle(loop, handoff_download.page_url(request, loop)))
    except bundle.NotApproved as error:
        return HttpResponse(f"{error}\n", status=409, content_type="text/plain; charset=utf-8")
