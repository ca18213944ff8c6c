"""The admin of diagnosis: registers the console's pages (diagnosis/console), and shows packets read-only."""

from __future__ import annotations

from django.contrib import admin
from django.template.loader import render_to_string

from diagnosis.console.feed_keys import FeedKeyAdmin
from diagnosis.console.inbox import NoticeAdmin
from diagnosis.console.loop_page import LoopAdmin
from diagnosis.console.trackers import TrackerAdmin
from diagnosis.display.readable import rows
from diagnosis.loops.shown_issue import shown_issue
from diagnosis.models import FeedKey, Loop, Notice, Packet, Tracker
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
    list_per_page = 25  # each row reads its whole document, up to 600 KB, for the number of issues
    search_fields = ["packet_id", "project__project_id", "project__name"]
    fields = ["packet_id", "project", "status", "created_at", "readable"]

    @admin.display(description="issues")
    def issue_count(self, packet: Packet) -> int:
        """The number of issues in the packet."""
        return len(packet.document.get("issues") or [])

    @admin.display(description="document")
    def readable(self, packet: Packet) -> str:
        """The document as HTML for people."""
        document = packet.document
        context = {
            "packet": packet,
            "memory": document.get("memory") or [],
            "issues": [(issue, rows(shown_issue(issue))) for issue in document.get("issues") or []],
            "facts": rows(
                {name: value for name, value in document.items() if name not in ("memory", "issues")}
            ),
        }
        return render_to_string("admin/diagnosis/packet/document.html", context)
