"""
What agents read first, rendered with this instance's URLs and limits: llms.txt and the pages it leads to.

The form of llms.txt: https://llmstxt.org/
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from loopkit.http.links import absolute
from tenants.api.project_view import PublicView

MAX_AGE_SECONDS = 300
MEDIA_TYPES = {"txt": "text/plain", "md": "text/markdown"}


class PublicDocument(PublicView):
    """A document that changes only with the instance, so clients may keep it for a while."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """As usual, and how long it may be kept."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        if finished.status_code == 200:
            patch_cache_control(finished, public=True, max_age=MAX_AGE_SECONDS)
        return finished


class DocumentView(PublicDocument):
    """A page of templates/documents."""

    page = ""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The page, in the media type of its name's ending."""
        media_type = MEDIA_TYPES[self.page.rpartition(".")[2]]
        text = render_to_string(f"documents/{self.page}", facts(request))
        return HttpResponse(text, content_type=f"{media_type}; charset=utf-8")


class RootView(PublicView):
    """The bare URL: people to the dashboard, agents to llms.txt."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Where to go on."""
        is_browser = "text/html" in request.headers.get("Accept", "")
        return HttpResponseRedirect(reverse("dashboard" if is_browser else "llms"))


class ContactView(PublicDocument):
    """Whom to ask, for what, and how."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The operator, the way to a production tenant, and the limits until then."""
        return Response(contact(request))


def origin(request: Request) -> str:
    """The instance's URL, without a path."""
    return absolute(request, "/").rstrip("/")


def facts(request: Request) -> dict[str, Any]:
    """What the pages say of this instance."""
    return {
        "url": origin(request),
        "version": settings.LOOPKIT_VERSION,
        "contact_email": settings.LOOPKIT_CONTACT_EMAIL,
        "limits": limits(),
    }


def limits() -> dict[str, Any]:
    """What an unapproved caller may use."""
    return {
        "sandbox_spans": settings.LOOPKIT_SANDBOX_SPANS,
        "sandbox_days": settings.LOOPKIT_SANDBOX_DAYS,
        "mint_rate": settings.LOOPKIT_MINT_RATE,
        "recover_rate": settings.LOOPKIT_RECOVER_RATE,
        "max_body_bytes": settings.LOOPKIT_MAX_BODY_BYTES,
    }


def contact(request: Request) -> dict[str, Any]:
    """contact.json."""
    return {
        "name": "LoopKit",
        "version": settings.LOOPKIT_VERSION,
        "email": settings.LOOPKIT_CONTACT_EMAIL or None,
        "production_access": {
            "method": "POST",
            "url": absolute(request, "/v1/access-requests"),
            "required": ["name", "email"],
            "optional": ["organisation", "message"],
            "answer": "201; an operator reads it and answers by e-mail.",
        },
        "upgrade": {
            "method": "POST",
            "url": absolute(request, "/v1/signup/upgrade"),
            "needs": "The agent key, and the upgrade code that the operator gives for your project_id.",
        },
        "limits": limits(),
        "docs": absolute(request, "/agents.md"),
    }
