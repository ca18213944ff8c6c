"""
The answers of OAuth's paths: LoopKit takes API keys, and says so in the form that OAuth clients show.

Clients of the Model Context Protocol look for an authorization server when a key is missing or wrong. In another form,
their users read of broken JSON instead of the key. There is no metadata (`/.well-known/oauth-...` is 404), since a
client that finds some goes on with OAuth. https://www.rfc-editor.org/rfc/rfc6749#section-5.2
"""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from loopkit.http.links import absolute

PATHS = ("register", "token", "authorize")
SAYS = "LoopKit takes API keys, not OAuth. Send the header Authorization: Bearer lk_agent_... ; see {docs}"


@csrf_exempt
def keys_only(request: HttpRequest) -> JsonResponse:
    """404 with which key to send, and where that is explained."""
    said = SAYS.format(docs=absolute(request, "/auth.md"))
    return JsonResponse({"error": "invalid_request", "error_description": said}, status=404)
