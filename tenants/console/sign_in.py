"""
Signing in to and out of the admin, and changing one's own password there: Django's own forms, with a limit on failures
by network and by account, because passwords can be guessed.

Above the limit, even the right password is refused: otherwise guessing could go on. Other networks, browsers in which
the person signed in before, and people who are signed in are not affected.
https://docs.djangoproject.com/en/5.2/topics/auth/default/#django.contrib.auth.views.LoginView
"""

from __future__ import annotations

import unicodedata
from math import ceil

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache

from loopkit.http.errors import ApiError
from loopkit.http.links import is_own_page
from tenants.audit import sign_ins
from tenants.limits import rate_limits
from tenants.limits.attempts import Attempt


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's sign-in form, or a 429 page once there were too many failures."""
    drop_foreign_next(request)
    if request.method != "POST":
        return admin.site.login(request)
    attempt = Attempt(request, "admin-login", account_name(request), settings.LOOPKIT_RECOVER_RATE, "Sign-in")
    try:
        reserved = attempt.reserve()
    except ApiError as refusal:
        return refusal_page(refusal)
    answer = admin.site.login(request)
    if answer.status_code == 200:  # the form again: the sign-in failed, for success redirects
        sign_ins.record_failed_sign_in(request, request.POST.get("username", ""))
    else:
        attempt.remember(answer)
        rate_limits.give_back(reserved)
    return answer


@never_cache
def admin_password_change(request: HttpRequest) -> HttpResponse:
    """
    Django's page to change one's own password, or a 429 page once there were too many wrong present ones.

    Otherwise a session that was left open would be enough to try passwords without end. Only a present password that is
    wrong counts as a failure; another mistake in the form does not.
    """
    if request.method != "POST":
        return admin.site.password_change(request)
    name, rate = request.user.get_username(), settings.LOOPKIT_RECOVER_RATE
    try:
        reserved = Attempt(request, "admin-password", name, rate, "Password change").reserve()
    except ApiError as refusal:
        return refusal_page(refusal)
    with transaction.atomic():
        answer = admin.site.password_change(request)
        if answer.status_code == 302:  # success redirects
            sign_ins.record_password_change(request)
    if is_wrong_password(answer):
        sign_ins.record_wrong_password(request)
    else:
        rate_limits.give_back(reserved)
    return answer


def is_wrong_password(answer: HttpResponse) -> bool:
    """Whether the answer is the form of a password change again because the present password was wrong."""
    context = answer.context_data if isinstance(answer, TemplateResponse) else None
    return bool(context and context["form"].has_error("old_password", "password_incorrect"))


def admin_sign_out(request: HttpRequest) -> HttpResponse:
    """Django's sign-out, without a `next` that leads elsewhere."""
    drop_foreign_next(request)
    return admin.site.logout(request)


def drop_foreign_next(request: HttpRequest) -> None:
    """Remove a `next` that is no page of this server, so that the front page follows."""
    for name in ("GET", "POST"):
        values = getattr(request, name)
        if REDIRECT_FIELD_NAME in values and not is_own_page(values[REDIRECT_FIELD_NAME]):
            kept = values.copy()
            del kept[REDIRECT_FIELD_NAME]
            setattr(request, name, kept)


def account_name(request: HttpRequest) -> str:
    """The name that was typed, in one spelling for all that lead to the same account."""
    return unicodedata.normalize("NFKC", request.POST.get("username", "").strip()).casefold()


def refusal_page(refusal: ApiError) -> HttpResponse:
    """The refusal as an HTML page."""
    minutes = ceil(int(refusal.headers["Retry-After"]) / 60)
    page = render_to_string("errors/429.html", {"refusal": refusal, "minutes": minutes})
    return HttpResponse(page, status=refusal.status_code, headers=refusal.headers)
