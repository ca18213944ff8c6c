"""
The pages for signing in, signing out and recovering keys in the browser.

The session stores the id of an agent key, never the key itself, and each page reads that key from the database:
revoking it signs every browser out at once. https://docs.djangoproject.com/en/5.2/topics/http/sessions/
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import APIException, AuthenticationFailed

from loopkit.http import store_fault
from loopkit.http.error_answers import as_api_error
from loopkit.http.errors import ApiError
from loopkit.http.links import is_own_page
from tenants.api.serializers import RecoverRequestSerializer
from tenants.api.strict_fields import valid
from tenants.api.views import recovered
from tenants.audit import sign_ins
from tenants.audit.audit_log import AuditEvent
from tenants.keys.authentication import Principal, authenticate
from tenants.keys.credentials import PREFIXES
from tenants.limits import rate_limits
from tenants.models import Key, Project
from tenants.stores.binding import bind

logger = logging.getLogger(__name__)
SESSION_KEY = "dashboard_key_id"
SCOPE = "dashboard:read"
KEY_RATE_HERE, KEY_RATE = "30/h", "300/h"  # sessions of a key, which last SESSION_COOKIE_AGE
USES = {
    Key.Kind.PRODUCER.value: "Sends telemetry. For your app or its OpenTelemetry exporter.",
    Key.Kind.AGENT.value: "Reads and runs diagnoses. For your coding agent, and for signing in here.",
    Key.Kind.FEEDBACK.value: "Sends ratings and comments. May be public in a page.",
}
P = ParamSpec("P")
ProjectPage = Callable[Concatenate[HttpRequest, Project, P], HttpResponse]
PageView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(request: HttpRequest, now: datetime) -> Principal | None:
    """The principal of the session's key, or None if there is no key or it may no longer read the dashboard."""
    key_id = request.session.get(SESSION_KEY)
    key = Key.objects.select_related("project__tenant").filter(key_id=key_id).first() if key_id else None
    if key is None or not key.is_usable(now) or not key.project.is_live(now) or SCOPE not in key.scopes:
        return None
    return Principal(key)


def for_project(page: ProjectPage[P]) -> PageView[P]:
    """
    Decorate a page to get the signed-in key's project, which is bound while the page runs.

    Without a signed-in key, the response is the sign-in form or a redirect to it. If the project's store fails, it is
    the 503 page.
    """

    @never_cache
    @wraps(page)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        principal = signed_in(request, timezone.now())
        if principal is None:
            return to_sign_in(request)
        try:
            with bind(principal.project):
                return page(request, principal.project, *args, **kwargs)
        except DatabaseError as error:
            if not store_fault.is_store_fault(error):
                raise
            store_fault.log_store_fault(error, principal.project.project_id, request.path)
            return HttpResponse(render_to_string("errors/503.html"), status=503, headers={"Retry-After": "2"})

    return wrapped


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form for a request to /dashboard, a redirect to it for any other request."""
    home = reverse("dashboard")
    if request.path == home:
        return sign_in_form(request)
    parameters = {"next": request.get_full_path()} if request.method == "GET" else {}
    return redirect(f"{home}?{urlencode(parameters)}" if parameters else home)


def sign_in_form(request: HttpRequest, refusal: ApiError | None = None) -> HttpResponse:
    """The sign-in form, with the refusal, or with a note if the browser's session has just ended."""
    is_signed_out = request.session.pop(SESSION_KEY, None) is not None
    context = {"ended": is_signed_out and refusal is None, "next": next_path(request)}
    return form(request, "dashboard/sign_in.html", refusal, context)


def form(
    request: HttpRequest, template: str, refusal: ApiError | None, context: dict[str, Any]
) -> HttpResponse:
    """Render a form: with status 200, or with the refusal and its status and headers."""
    content = render_to_string(template, context | {"refusal": refusal}, request)
    if refusal is None:
        return HttpResponse(content)
    return HttpResponse(content, status=refusal.status_code, headers=refusal.headers)


def next_path(request: HttpRequest) -> str:
    """The path to go to after signing in, on this host only, or ""."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    return path if is_own_page(path) else ""


@sensitive_post_parameters("agent_key")
@never_cache
@require_POST
def key_sign_in(request: HttpRequest) -> HttpResponse:
    """
    Sign in: store the key's id in the session and redirect.

    Failures have a rate limit for each network: keys cannot be guessed, so those are mistyped ones. Successes have one
    for each key, since each is a session and an entry of the audit log.
    """
    try:
        key = agent_key(request.POST.get("agent_key", "").strip(), timezone.now())
    except AuthenticationFailed as error:
        return sign_in_form(request, counted_refusal(request, as_refusal(error)))
    except ApiError as error:
        return sign_in_form(request, counted_refusal(request, error))
    try:
        count_session(request, key)
    except ApiError as error:
        return sign_in_form(request, error)
    request.session.cycle_key()
    request.session[SESSION_KEY] = key.key_id
    sign_ins.record_key_event(request, key, AuditEvent.SIGNED_IN)
    return HttpResponseRedirect(next_path(request) or reverse("dashboard"))


def agent_key(raw: str, now: datetime) -> Key:
    """The key, if it may read the dashboard. Raises AuthenticationFailed or a 403 ApiError if not."""
    principal = authenticate(raw, now)
    if not principal.has_scope(SCOPE):
        raise ApiError(
            403,
            "scope_missing",
            f"This is the project's {principal.key.kind} key; it cannot read.",
            f"Sign in with the agent key of the same project: it begins with {PREFIXES[Key.Kind.AGENT]}.",
        )
    return principal.key


def as_refusal(error: AuthenticationFailed) -> ApiError:
    """The error as a refusal of the form, with a hint at where to find the right key."""
    hint = f"Paste the whole agent key: it begins with {PREFIXES[Key.Kind.AGENT]}. Lost it? Recover it below."
    return ApiError(403, "authentication_failed", str(error.detail), hint)


def counted_refusal(request: HttpRequest, refusal: ApiError) -> ApiError:
    """Count and record a failed sign-in. Return the refusal, or a 429 error once this network has failed too often."""
    try:
        rate_limits.spend_guess(request, "sign-in", settings.LOOPKIT_RECOVER_RATE, "Sign-in")
    except ApiError as error:
        return error
    sign_ins.key_failed(request)
    return refusal


def count_session(request: HttpRequest, key: Key) -> None:
    """Count a session of this key. Raises a 429 ApiError above the rates, of which only the second locks others out."""
    network, _ = rate_limits.networks(request)[-1]
    buckets = [
        (f"{key.key_id} {network}", KEY_RATE_HERE, "this key from your network"),
        (key.key_id, KEY_RATE, "this key"),
    ]
    rate_limits.count_attempts("session", buckets, "Sign-in")


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out: remove the key's id from the session. An admin session in the same browser stays."""
    if principal := signed_in(request, timezone.now()):
        sign_ins.record_key_event(request, principal.key, AuditEvent.SIGNED_OUT)
    if request.session.pop(SESSION_KEY, None):
        request.session.cycle_key()
    return redirect("dashboard")


@sensitive_post_parameters("recovery_code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recover_page(request: HttpRequest) -> HttpResponse:
    """The recovery form. With a correct recovery code, the response shows the project's new keys, this once."""
    if request.method != "POST":
        return form(request, "dashboard/recover.html", None, {})
    try:
        minted = recovered(request, **valid(RecoverRequestSerializer(data=request.POST.dict())))
    except APIException as error:
        context = {"project_id": request.POST.get("project_id", "")}
        return form(request, "dashboard/recover.html", as_api_error(error), context)
    keys = [{"kind": kind, "raw": raw, "use": USES[kind]} for kind, raw in minted.keys.items()]
    return render(request, "dashboard/recovered.html", {"recovered": minted.project, "keys": keys})
