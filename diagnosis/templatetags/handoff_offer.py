"""What the page of an approved loop offers to people: links to trackers, and the bundle as files."""

from __future__ import annotations

from typing import Any

from django import template

from diagnosis import handoff_admin
from diagnosis.models import Loop

register = template.Library()


@register.inclusion_tag("admin/diagnosis/loop/handoff.html", takes_context=True)
def handoff_offer(context: dict[str, Any], loop: Loop) -> dict[str, Any]:
    """The section, empty while there is no handoff."""
    request = context["request"]
    may_set = request.user.has_perm("diagnosis.view_tracker")
    return {"loop": loop, "offer": handoff_admin.offered(request, loop), "may_set": may_set}
