"""Template tags of the admin's pages: loops that wait, unread notices, and the handoff of an approved loop."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Count, Q

from diagnosis.console import handoff
from diagnosis.console.inbox import NoticeAdmin
from diagnosis.loops import states
from diagnosis.models import Loop, Notice

register = template.Library()


@register.simple_tag(takes_context=True)
def waiting_loops(context: dict[str, Any]) -> dict[str, int] | None:
    """
    The numbers of loops that the queue lists, among those the person may see; None if they may see none.

    `all` are those that wait for `approval`, as the funnel counts them, of which some `regressed`, and shipped `fixes`
    about which a human has to decide how to go on.
    """
    request = context["request"]
    queue = admin.site.get_model_admin(Loop)
    if not queue.has_view_permission(request):
        return None
    waiting = queue.get_queryset(request).filter(states.to_decide())
    is_waiting = Q(state__in=states.WAITING)
    return waiting.aggregate(
        all=Count("pk"),
        approval=Count("pk", filter=is_waiting),
        fixes=Count("pk", filter=~is_waiting),
        regressed=Count("pk", filter=Q(state=Loop.State.REGRESSED)),
    )


@register.inclusion_tag("admin/diagnosis/notice/unread.html", takes_context=True)
def unread_notices(context: dict[str, Any]) -> dict[str, Any]:
    """The number of unread notices; 0 for a person who may not see loops."""
    request = context["request"]
    inbox = admin.site.get_model_admin(Notice)
    assert isinstance(inbox, NoticeAdmin)
    return {"unread": inbox.unread(request).count() if inbox.has_view_permission(request) else 0}


@register.inclusion_tag("admin/diagnosis/loop/handoff.html", takes_context=True)
def handoff_offer(context: dict[str, Any], loop: Loop) -> dict[str, Any]:
    """The handoff of the loop, None while it has none, and whether the person may see trackers."""
    request = context["request"]
    may_set = request.user.has_perm("diagnosis.view_tracker")
    return {"loop": loop, "offer": handoff.offered_links(request, loop), "may_set": may_set}
