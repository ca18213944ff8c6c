"""
Signing in to the admin: Django's own form, with a limit on failures per network, because passwords can be guessed.

Above the limit, even the right password is refused: otherwise guessing could go on. Other networks, and people who are
already signed in, are not affected.
https://docs.djangoproject.com/en/5.2/topics/auth/default/#django.contrib.auth.views.LoginView
"""

from __future__ import annotations

from math import ceil

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

from loopkit.http.errors import ApiError
from tenants.audit import sign_ins
from tenants.limits import rate_limits

GROUP, WHAT = "admin-login", "Sign-in"


@never_cache
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Django's sign-in form, or a 429 page once this network has failed too often."""
    if request.method != "POST":
        return admin.site.login(request)
    try:
        rate_limits.check_attempts(request, GROUP, settings.LOOPKIT_RECOVER_RATE, WHAT)
        answer = admin.site.login(request)
        if answer.status_code == 200:  # the form again: the sign-in failed, for success redirects
            sign_ins.record_failed_sign_in(request, request.POST.get("username", ""))
            rate_limits.spend(request, GROUP, settings.LOOPKIT_RECOVER_RATE, WHAT)
    except ApiError as refusal:
        return refusal_page(refusal)
    return answer


def refusal_page(refusal: ApiError) -> HttpResponse:
    """The refusal as an HTML page."""
    minutes = ceil(int(refusal.headers["Retry-After"]) / 60)
    page = render_to_string("errors/429.html", {"refusal": refusal, "minutes": minutes})
    return HttpResponse(page, status=refusal.status_code, headers=refusal.headers)
