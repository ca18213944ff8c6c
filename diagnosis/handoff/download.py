"""The handoff as a download for agents and people: the URL of the loop's page, and the zip as a response."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from diagnosis.handoff import archive
from diagnosis.models import Loop
from loopkit.http.links import absolute


def page_url(request: Request | HttpRequest, loop: Loop) -> str:
    """The absolute URL of the loop's page in the admin. Loop ids need no quoting."""
    return absolute(request, reverse("admin:diagnosis_loop_change", args=[loop.loop_id]))


def as_zip(loop: Loop, data: dict[str, Any]) -> HttpResponse:
    """The zip as a response that browsers and curl store as a file."""
    headers = {"Content-Disposition": f'attachment; filename="handoff-{loop.loop_id}.zip"'}
    return HttpResponse(archive.archive(data), content_type=archive.MEDIA_TYPE, headers=headers)
