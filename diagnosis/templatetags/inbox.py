"""How many notices a person has not read, for the front page of the admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib import admin

from diagnosis.notice_admin import NoticeAdmin
from diagnosis.notice_models import Notice

register = template.Library()


@register.inclusion_tag("admin/diagnosis/notice/unread.html", takes_context=True)
def unread_notices(context: dict[str, Any]) -> dict[str, Any]:
    """A line with the number; nothing for people who may not see loops, or who have read all."""
    request = context["request"]
    inbox = admin.site.get_model_admin(Notice)
    assert isinstance(inbox, NoticeAdmin)
    return {"unread": inbox.unread(request).count() if inbox.has_view_permission(request) else 0}
