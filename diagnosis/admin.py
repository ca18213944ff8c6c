"""The admin of diagnosis: registers the console's pages (diagnosis/console), and shows packets read-only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from diagnosis.console.feed_keys import FeedKeyAdmin
from diagnosis.console.inbox import NoticeAdmin
from diagnosis.console.loop_page import LoopAdmin
from diagnosis.console.trackers import TrackerAdmin
from diagnosis.display.readable import Rows, rows
from diagnosis.loops.shown_issue import for_people, shown_issue
from diagnosis.models import FeedKey, Loop, Notice, Packet, Tracker
from diagnosis.packets import packet_lists
from tenants.console.scoped import ReadOnly, ScopedAdmin

admin.site.register(Loop, LoopAdmin)
admin.site.register(Tracker, TrackerAdmin)
admin.site.register(Notice, NoticeAdmin)
admin.site.register(FeedKey, FeedKeyAdmin)


@admin.register(Packet)
class PacketAdmin(ReadOnly, ScopedAdmin):
    """The packets as the API answered them, read-only."""

    tenant_path = "project__tenant"
    list_display = ["packet_id", "project", "status", "issue_count", "created_at"]
    list_filter = ["status", ("project", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["project"]
    list_per_page = 25
    search_fields = ["packet_id", "project__project_id", "project__name"]
    fields = ["packet_id", "project", "status", "created_at", "readable"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Packet]:
        """The packets without their documents, which only the page of one packet reads."""
        return packet_lists.summarised(super().get_queryset(request))

    @admin.display(description="issues")
    def issue_count(self, packet: Any) -> int:
        """The number of issues in the packet."""
        return packet_lists.packet_in_short(packet)["issues"] or 0

    @admin.display(description="document")
    def readable(self, packet: Packet) -> str:
        """The document as HTML for people."""
        document = packet.document
        context = {
            "packet": packet,
            "memory": document.get("memory") or [],
            "issues": [(issue, issue_rows(issue)) for issue in document.get("issues") or []],
            "facts": rows(
                {name: value for name, value in document.items() if name not in ("memory", "issues")}
            ),
        }
        return render_to_string("admin/diagnosis/packet/document.html", context)


def issue_rows(issue: dict[str, Any]) -> Rows:
    """The values of an issue of a packet, with its sentences filled."""
    own = {"loop_id": issue["loop_id"]} if issue.get("loop_id") else {}
    return rows(for_people(shown_issue(issue, **own)))
