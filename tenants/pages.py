"""
Signing in, signing out and recovering keys in the browser.

The session keeps the id of an agent key, never the key itself, and each page reads that key anew: revoking it
signs every browser out at once. https://docs.djangoproject.com/en/5.2/topics/http/sessions/
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
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import APIException, AuthenticationFailed

from loopkit.http import store_fault
from loopkit.http.error_answers import as_api_error
from loopkit.http.errors import ApiError
from tenants.api.project_view import validated
from tenants.api.serializers import RecoverRequest
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
USES = {
    Key.Kind.PRODUCER.value: "Sends telemetry. For your app or its OpenTelemetry exporter.",
    Key.Kind.AGENT.value: "Reads and runs diagnoses. For your coding agent, and for signing in here.",
    Key.Kind.FEEDBACK.value: "Sends ratings and comments. May be public in a page.",
}
P = ParamSpec("P")
ProjectPage = Callable[Concatenate[HttpRequest, Project, P], HttpResponse]
PageView = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(request: HttpRequest, now: datetime) -> Principal | None:
    """Who looks: the session's key, if it may still read this very moment."""
    key_id = request.session.get(SESSION_KEY)
    key = Key.objects.select_related("project__tenant").filter(key_id=key_id).first() if key_id else None
    if key is None or not key.is_usable(now) or not key.project.is_live(now) or SCOPE not in key.scopes:
        return None
    return Principal(key)


def for_project(page: ProjectPage[P]) -> PageView[P]:
    """A page for the signed-in key's project, which is bound while it is made. Others are sent to sign in."""

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
            if not store_fault.is_one(error):
                raise
            store_fault.report(error, principal.project.project_id, request.path)
            return HttpResponse(render_to_string("errors/503.html"), status=503, headers={"Retry-After": "2"})

    return wrapped


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in form at /dashboard itself, the way there from elsewhere."""
    home = reverse("dashboard")
    if request.path == home:
        return sign_in_form(request)
    wanted = {"next": request.get_full_path()} if request.method == "GET" else {}
    return redirect(f"{home}?{urlencode(wanted)}" if wanted else home)


def sign_in_form(request: HttpRequest, refusal: ApiError | None = None) -> HttpResponse:
    """The form, with why it was refused, or why the browser is signed out."""
    ended = request.session.pop(SESSION_KEY, None) is not None
    context = {"ended": ended and refusal is None, "next": wanted(request)}
    return form(request, "dashboard/sign_in.html", refusal, context)


def form(
    request: HttpRequest, template: str, refusal: ApiError | None, context: dict[str, Any]
) -> HttpResponse:
    """A form: 200, or again with the refusal, its status and its headers."""
    content = render_to_string(template, context | {"refusal": refusal}, request)
    if refusal is None:
        return HttpResponse(content)
    return HttpResponse(content, status=refusal.status_code, headers=refusal.headers)


def wanted(request: HttpRequest) -> str:
    """The page to go to after signing in: a path of this host, or ""."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours else ""


@sensitive_post_parameters("agent_key")
@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Remember the key's id. Only failures count against the limit: keys are mistyped, never guessed."""
    try:
        key = agent_key(request.POST.get("agent_key", "").strip(), timezone.now())
    except AuthenticationFailed as error:
        return sign_in_form(request, counted(request, as_refusal(error)))
    except ApiError as error:
        return sign_in_form(request, counted(request, error))
    request.session.cycle_key()
    request.session[SESSION_KEY] = key.key_id
    sign_ins.key(request, key, AuditEvent.SIGNED_IN)
    return HttpResponseRedirect(wanted(request) or reverse("dashboard"))


def agent_key(raw: str, now: datetime) -> Key:
    """The key, if it may see the pages."""
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
    """What was wrong with the key, and where a right one comes from."""
    hint = f"Paste the whole agent key: it begins with {PREFIXES[Key.Kind.AGENT]}. Lost it? Recover it below."
    return ApiError(403, "authentication_failed", str(error.detail), hint)


def counted(request: HttpRequest, refusal: ApiError) -> ApiError:
    """The refusal, or 429 once this network failed too often."""
    try:
        rate_limits.spend(request, "sign-in", settings.LOOPKIT_RECOVER_RATE, "Sign-in")
    except ApiError as error:
        return error
    sign_ins.key_failed(request)
    return refusal


@never_cache
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget the key's id; an operator's admin session in the same browser stays."""
    if principal := signed_in(request, timezone.now()):
        sign_ins.key(request, principal.key, AuditEvent.SIGNED_OUT)
    if request.session.pop(SESSION_KEY, None):
        request.session.cycle_key()
    return redirect("dashboard")


@sensitive_post_parameters("recovery_code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recover(request: HttpRequest) -> HttpResponse:
    """Fresh keys for whoever holds the recovery code, shown once in the answer itself."""
    if request.method != "POST":
        return form(request, "dashboard/recover.html", None, {})
    try:
        minted = recovered(request, **validated(RecoverRequest, request.POST.dict()))
    except APIException as error:
        asked = {"project_id": request.POST.get("project_id", "")}
        return form(request, "dashboard/recover.html", as_api_error(error), asked)
    keys = [{"kind": kind, "raw": raw, "use": USES[kind]} for kind, raw in minted.keys.items()]
    return render(request, "dashboard/recovered.html", {"recovered": minted.project, "keys": keys})
