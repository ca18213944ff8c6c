"""
The page on which a person puts the time or the release of a fix right that was reported wrongly.

A person who may decide, until a final verdict stands. It changes what is verified, and opens no handoff.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from diagnosis.console.decision_forms import ReasonForm
from diagnosis.handoff import shipment
from diagnosis.handoff.shipping_time import WrongShippingTime
from diagnosis.loops import approval
from diagnosis.loops.lifecycle import WrongState
from diagnosis.models import Loop
from tenants.limits.rate_limits import client_address

RELEASE = Loop._meta.get_field("release").max_length
DONE = "Put right: {}. The fix is verified anew."
TOO_LATE = "Nothing was changed: the loop is {state} now."


class ShipmentForm(ReasonForm):
    """The right time and release of a fix; what is left empty has no value then."""

    shipped_at = forms.DateTimeField(
        label="It runs since (UTC)",
        help_text="Such as 2026-05-04 14:00:00: after its approval, not in the future.",
    )
    release = forms.CharField(
        label="Release that carries it",
        max_length=RELEASE,
        required=False,
        help_text="As spans name it in service.version; empty if they name none.",
    )
    field_order = ["shipped_at", "release", "reason"]


@require_http_methods(["GET", "HEAD", "POST"])
def shipment_page(request: HttpRequest, loop_id: str) -> HttpResponse:
    """The form with what was reported; a POST puts it right."""
    queue = admin.site.get_model_admin(Loop)
    if not request.user.has_perm(approval.PERMISSION):
        raise PermissionDenied
    loop = queue.get_queryset(request).select_related("project__tenant").filter(pk=loop_id).first()
    if loop is None or not loop.attempt:
        raise Http404
    reported = {"shipped_at": loop.shipped_at, "release": loop.release}
    form = ShipmentForm(request.POST or None, initial=reported)
    if request.method == "POST" and form.is_valid() and put_right(request, loop, form):
        return HttpResponseRedirect(reverse("admin:diagnosis_loop_change", args=[loop.pk]))
    status = 409 if form.is_bound and form.is_valid() else 200
    context: dict[str, Any] = {"title": f"Shipment of {loop.loop_id}", "loop": loop, "form": form}
    page = admin.site.each_context(request) | context
    return TemplateResponse(request, "admin/diagnosis/loop/shipment.html", page, status=status)


def put_right(request: HttpRequest, loop: Loop, form: ShipmentForm) -> bool:
    """Whether the shipment was put right; if not, a message or an error of the form says why."""
    said, user = form.cleaned_data, request.user
    assert isinstance(user, User)
    given = shipment.Correction(said["shipped_at"], said["release"], said["reason"])
    try:
        shipment.correct_by_person(loop, given, user, timezone.now(), client_address(request))
    except WrongShippingTime as error:
        form.add_error("shipped_at", f"This time {error}")
        return False
    except shipment.NothingToCorrect as error:
        form.add_error("shipped_at", str(error))
        return False
    except WrongState as error:
        messages.error(request, TOO_LATE.format(state=error.loop.state))
        return False
    messages.success(request, DONE.format(loop.loop_id))
    return True
