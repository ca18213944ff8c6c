"""How many loops wait, for the front page of the admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib import admin

from diagnosis import loops
from diagnosis.models import Loop

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_loops(context: dict[str, Any]) -> int | None:
    """Loops of this person's tenants that wait for a human. None for people who may not see loops."""
    request = context["request"]
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        return None
    return int(queue.get_queryset(request).filter(state__in=loops.WAITING).count())
