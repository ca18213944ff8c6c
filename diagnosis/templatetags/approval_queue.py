"""How many loops wait, for the front page of the admin: one count over an index."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Count, Q

from diagnosis import loop_states
from diagnosis.models import Loop

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_loops(context: dict[str, Any]) -> dict[str, int] | None:
    """How many of this person's loops wait, and how many of them regressed. None for people who may not see loops."""
    request = context["request"]
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        return None
    waiting = queue.get_queryset(request).filter(state__in=loop_states.WAITING)
    return waiting.aggregate(all=Count("pk"), regressed=Count("pk", filter=Q(state=Loop.State.REGRESSED)))
