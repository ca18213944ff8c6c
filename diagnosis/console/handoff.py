"""
The handoff on an approved loop's page: links to each tracker's form for a new issue, and the bundle as a zip file.

Everybody who may see the loop may use them. LoopKit itself sends nothing: the links only open a form.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib import admin
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from diagnosis.handoff import bundle, download
from diagnosis.models import Loop, Tracker

logger = logging.getLogger(__name__)


def offered_links(request: HttpRequest, loop: Loop) -> dict[str, Any] | None:
    """The context of the loop's handoff: links with the trackers' names. None while the loop is not approved."""
    try:
        data = bundle.bundle(loop, download.page_url(request, loop))
    except bundle.NotApproved:
        return None
    except (DatabaseError, OSError, ObjectDoesNotExist) as error:
        logger.error("handoff of %s unavailable: %s", loop.loop_id, error)
        return {"available": False}
    links = [(Tracker.Kind(link["tracker"]).label, link["url"]) for link in data["new_issue_links"]]
    return {"available": True, "links": links}


@require_safe
def download_handoff(request: HttpRequest, loop_id: str) -> HttpResponse:
    """The bundle as a zip file; 409 with the reason if the loop is not approved."""
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        raise PermissionDenied
    loop = queue.get_queryset(request).filter(pk=loop_id).first()
    if loop is None:
        raise Http404
    try:
        return download.as_zip(loop, bundle.bundle(loop, download.page_url(request, loop)))
    except bundle.NotApproved as error:
        return HttpResponse(f"{error}\n", status=409, content_type="text/plain; charset=utf-8")
