"""
The documents for agents, rendered with this instance's URLs and limits: llms.txt and the pages that it links to.

The format of llms.txt: https://llmstxt.org/
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

from diagnosis.agents.agent_tool import AgentTool
from diagnosis.agents.tools import TOOLS
from loopkit.http.links import absolute
from loopkit.http.untrusted import WARNING
from telemetry.store.ratings.bounds import MOST_ABOUT_ONE, MOST_VERSIONS
from tenants.api.project_view import PublicView

MAX_AGE_SECONDS = 300
MEDIA_TYPES = {"txt": "text/plain", "md": "text/markdown"}


class PublicDocument(PublicView):
    """
    A document that rarely changes, so clients may cache it for MAX_AGE_SECONDS.

    Without LOOPKIT_PUBLIC_URL it names the host of the request. A shared cache that does not look at the host would
    then hand one client the host that another one sent.
    """

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add the caching headers to a 200 response."""
        finished = super().finalize_response(request, response, *args, **kwargs)
        if finished.status_code == 200:
            scope = "public" if settings.LOOPKIT_PUBLIC_URL else "private"
            patch_cache_control(finished, **{scope: True}, max_age=MAX_AGE_SECONDS)
        return finished


class DocumentView(PublicDocument):
    """A document from templates/documents."""

    page = ""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The rendered document, with the media type for its file extension."""
        media_type = MEDIA_TYPES[self.page.rpartition(".")[2]]
        text = render_to_string(f"documents/{self.page}", instance_facts(request))
        return HttpResponse(text, content_type=f"{media_type}; charset=utf-8")


class RootView(PublicView):
    """The root URL, which redirects browsers to the dashboard and other clients to llms.txt."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """The redirect."""
        is_browser = "text/html" in request.headers.get("Accept", "")
        return HttpResponseRedirect(reverse("dashboard" if is_browser else "llms"))


class ContactView(PublicDocument):
    """The contact document."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The operator's address, how to request a production tenant or an upgrade, and the limits until then."""
        return Response(contact(request))


def instance_url(request: Request) -> str:
    """The URL of this instance, without a path."""
    return absolute(request, "/").rstrip("/")


def instance_facts(request: Request) -> dict[str, Any]:
    """The template context of the documents: facts about this instance."""
    return {
        "warning": WARNING,
        "url": instance_url(request),
        "version": settings.LOOPKIT_VERSION,
        "contact_email": settings.LOOPKIT_CONTACT_EMAIL,
        "limits": limits(),
        "tools": [
            {"name": tool.name, "title": tool.title, "arguments": arguments_shown(tool)} for tool in TOOLS
        ],
    }


def arguments_shown(tool: AgentTool) -> str:
    """The names of the tool's arguments but `budget`, which all have, those that are needed in bold."""
    fields = {name: field for name, field in tool.arguments().fields.items() if name != "budget"}
    return ", ".join(f"**{name}**" if field.required else name for name, field in fields.items())


def limits() -> dict[str, Any]:
    """The limits that apply to self-service projects and their callers."""
    return {
        "sandbox_spans": settings.LOOPKIT_SANDBOX_SPANS,
        "sandbox_days": settings.LOOPKIT_SANDBOX_DAYS,
        "sandbox_grace_days": settings.LOOPKIT_SANDBOX_GRACE_DAYS,
        "mint_rate": settings.LOOPKIT_MINT_RATE,
        "recover_rate": settings.LOOPKIT_RECOVER_RATE,
        "max_body_bytes": settings.LOOPKIT_MAX_BODY_BYTES,
        "feedback_versions": MOST_VERSIONS,
        "session_signals": MOST_ABOUT_ONE,
    }


def contact(request: Request) -> dict[str, Any]:
    """The content of contact.json."""
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
